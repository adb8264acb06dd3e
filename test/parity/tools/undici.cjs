// What the files about undici share.
const http = require('node:http');
const undici = require('undici');
const { read, using } = require('./http.cjs');

const early = {
  '/never': () => {},
  '/open': (response) => response.write('begun'),
  '/cut': (response) => response.writeHead(200, { 'content-length': 9 }).write('x', () => response.destroy()),
  '/reset': (response) => response.destroy(),
};
const server = () => {
  const made = http.createServer(async (request, response) => {
    if (early[request.url] !== undefined) return early[request.url](response);
    response.writeHead(200, { trailer: 'x-sum', 'x-list': ['a', 'b'] });
    response.write(JSON.stringify([request.method, request.url, request.headers, await read(request)]));
    response.addTrailers({ 'x-sum': '1' });
    return response.end();
  });
  return made.on('upgrade', (_request, socket) => {
    socket.end('HTTP/1.1 101 On\r\nConnection: Upgrade\r\nUpgrade: own\r\n\r\nbytes');
  });
};

/** Runs a body with a server and an agent of its own, so that no connection is left over. */
function served(body) {
  return using(server(), async (port) => {
    const dispatcher = new undici.Agent({ keepAliveTimeout: 1000 });
    try {
      return await body(`http://127.0.0.1:${port}`, dispatcher, port);
    } finally {
      await dispatcher.destroy();
    }
  });
}

/** An error without what varies. */
function failed(error) {
  delete error.socket;
  delete error.cause?.socket;
  delete error.port;
  return error;
}

const json = async (promise) => {
  const { statusCode, body } = await promise;
  return [statusCode, await body.json()];
};
const dispatcherEvents = ['connect', 'disconnect', 'connectionError', 'drain'];

/** What a dispatcher tells; connections may be closed after the last look at it. */
function told(dispatcher) {
  const lines = [];
  for (const event of dispatcherEvents) {
    dispatcher.on(event, function (...args) {
      lines.push(`${event} ${args.length} ${args[0]?.constructor.name} ${this === dispatcher}`);
    });
  }
  return lines;
}

module.exports = { failed, json, served, told };
