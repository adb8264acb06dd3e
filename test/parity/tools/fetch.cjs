// A server that does what a path says, and what a fetch of it came to.
const http = require('node:http');
const { gzipSync } = require('node:zlib');
const { read } = require('./http.cjs');

const answers = {
  '/json': (response) => response.setHeader('content-type', 'application/json').end('{"a":1}'),
  '/gzip': (response) => response.setHeader('content-encoding', 'gzip').end(gzipSync('unzipped')),
  '/redirect': (response, request) =>
    response.writeHead(302, { location: '/json', 'set-cookie': 'a=b' }).end(request.url),
  '/kept': (response) => response.writeHead(307, { location: '/echo' }).end(),
  '/loop': (response) => response.writeHead(302, { location: '/loop' }).end(),
  '/nowhere': (response) => response.writeHead(302, { location: 'ftp://a/' }).end(),
  '/204': (response) => response.writeHead(204, { 'set-cookie': ['a=1', 'b=2'] }).end(),
  '/503': (response) => response.writeHead(503, 'Not Now').end('later'),
  '/hints': (response) => {
    response.writeEarlyHints({ link: '</a>; rel=preload' });
    response.end('hinted');
  },
  '/cut': (response) => {
    response.writeHead(200, { 'content-length': 10 }).write('half');
    setTimeout(() => response.destroy(), 5);
  },
  '/reset': (response) => response.destroy(),
  '/open': (response) => response.write('begun'),
  '/never': () => {},
};
const server = () =>
  http.createServer(async (request, response) => {
    if (answers[request.url] !== undefined) return answers[request.url](response, request);
    const body = (await read(request)).replace(/formdata-[\w-]+/g, 'BOUNDARY');
    const { 'user-agent': agent, ...headers } = request.headers;
    const said = JSON.stringify([request.method, request.url, headers, agent?.slice(0, 4), body]);
    return response.end(said.replace(/formdata-[\w-]+/g, 'BOUNDARY'));
  });

/** What a fetch came to: its response in full, or its error. */
async function outcome(promise, how = 'text') {
  try {
    const response = await promise;
    const { status, statusText, ok, redirected, type, url, bodyUsed } = response;
    const body = await response[how]();
    const headers = [...response.headers].filter(([name]) => !['date', 'content-length'].includes(name));
    return {
      status,
      statusText,
      ok,
      redirected,
      type,
      url,
      bodyUsed,
      headers,
      body,
      after: response.bodyUsed,
    };
  } catch (error) {
    return error;
  }
}

module.exports = { outcome, server };
