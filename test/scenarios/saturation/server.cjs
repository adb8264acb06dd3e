// A server whose requests do the works that they name, all of them over the same few connections. Its first
// line tells the port and the shape of each work's tree; `/end` answers with all that went wrong.
const http = require('node:http');
const { profiler } = require('ostrace');

const startFlow = require('./flow.cjs');
const startMysql2 = require('./mysql2.cjs');
const startOutgoing = require('./outgoing.cjs');
const startPg = require('./pg.cjs');
const { createRequest, own, problems } = require('./request.cjs');

module.exports = async function start({ pg, mysql, mysqlPromise }) {
  const started = await Promise.all([
    startFlow(),
    startPg(pg),
    startMysql2({ mysql, mysqlPromise }),
    startOutgoing(),
  ]);
  const works = new Map(
    started
      .flatMap(({ groups }) => groups)
      .flatMap(([group, byName]) =>
        Object.entries(byName).map(([name, work]) => [`${group}: ${name}`, work]),
      ),
  );

  async function serve(request, response, id) {
    const isTraced = 'x-trace-info' in request.headers;
    if (isTraced !== (profiler.get() !== undefined)) problems.push(`${id} is traced: ${!isTraced}`);
    const { here, kept } = createRequest(id);
    // The body comes from the connection's socket, which other requests use as well.
    let body = '';
    await new Promise((resolve) => {
      request.setEncoding('utf8').on('data', (chunk) => {
        here('the body');
        body += chunk;
      });
      request.on('end', () => resolve(here('the end of the body')));
    });
    response.on('finish', () => here('the end of the response'));
    response.on('close', () => here('the close of the response'));
    const run = (name) =>
      profiler.trace(name, { id }, async () => {
        try {
          await works.get(name).run(createRequest(id));
        } catch (error) {
          problems.push(`${id}: ${name} failed: ${error.stack}`);
        }
      });
    await Promise.all(JSON.parse(body).map(run));
    kept('after all works');
    response.end(id);
  }

  const server = http.createServer((request, response) => {
    const id = request.url.slice(1);
    if (id === 'end') end(response);
    else own.run(id, serve, request, response, id);
  });

  async function end(response) {
    await Promise.all(started.map(({ close }) => close()));
    response.end(JSON.stringify(problems));
    server.close();
    server.closeIdleConnections();
  }

  server.listen(0, '127.0.0.1', () => {
    console.log(JSON.stringify({ port: server.address().port, works: Object.fromEntries(works) }));
  });
};

if (require.main === module) {
  module.exports({ pg: require('pg'), mysql: require('mysql2'), mysqlPromise: require('mysql2/promise') });
}
