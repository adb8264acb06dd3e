// A server whose requests ask others by clients of which the agent knows nothing. All requests share one client of
// each kind, which the first that needs it makes, and in its callback each calls the downstream service by its own
// id. The first line tells the ports; `/end` takes all down.
const http = require('node:http');

const startClients = require('./clients.cjs');
const startThreads = require('./threads.cjs');

module.exports = async function start(libraries) {
  // By which requests it was called, and of which trace each call said that it is.
  const called = [];
  const downstream = http.createServer((request, response) => {
    const info = request.headers['x-trace-info'];
    const base_id = info && JSON.parse(Buffer.from(info, 'base64url')).base_id;
    called.push([decodeURIComponent(request.url.slice(1)), base_id ?? null]);
    response.end('downstream');
  });
  await new Promise((resolve) => downstream.listen(0, '127.0.0.1', resolve));
  const { port } = downstream.address();
  const agent = new http.Agent({ keepAlive: true, maxSockets: 20 });
  const call = (id, done) =>
    http
      .get({ host: '127.0.0.1', port, path: `/${encodeURIComponent(id)}`, agent }, (response) => {
        response.resume();
        response.on('end', done);
      })
      .on('error', (error) => {
        throw error;
      });

  const parts = [await startClients(libraries), await startThreads(port)];
  const works = Object.assign({}, ...parts.map(({ works: some }) => some));
  const server = http.createServer((request, response) => {
    const [, name, id] = request.url.split('/').map(decodeURIComponent);
    if (name === 'end') {
      for (const { close } of parts) close();
      agent.destroy();
      downstream.close();
      server.close();
      response.end(JSON.stringify(called));
      server.closeIdleConnections();
      return;
    }
    works[name](id, call, () => response.end());
  });
  server.listen(0, '127.0.0.1', () =>
    console.log(JSON.stringify({ port: server.address().port, works: Object.keys(works) })),
  );
};

if (require.main === module) {
  module.exports({
    grpc: require('@grpc/grpc-js'),
    mysql: require('mysql'),
    redis: require('@redis/client'),
    ws: require('ws'),
  });
}
