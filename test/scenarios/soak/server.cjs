// A server that answers at once, and tells on `/state` what is left of the requests before.
//   node server.cjs AGENT   the agent's own module
const http = require('node:http');

const { left, register } = require('./left.cjs');

const { current, tracing } = require(process.argv[2]);

// Each traced request is registered, and a part of the others: a registration costs as much as the request.
const untracedShare = 50;
let served = 0;
let traced = 0;
const sockets = new Set();

function listeners(emitter) {
  return emitter.eventNames().reduce((sum, name) => sum + emitter.listenerCount(name), 0);
}

const state = async () => ({
  ...(await left()),
  served,
  traced,
  live: tracing.live,
  listeners: [...sockets].map(listeners),
  processListeners: listeners(process),
});

const server = http.createServer((request, response) => {
  if (request.url === '/live') {
    response.end(String(tracing.live));
  } else if (request.url === '/state') {
    sockets.delete(request.socket);
    state().then((now) => response.end(JSON.stringify(now)));
  } else if (request.url === '/end') {
    response.end();
    server.close();
  } else {
    served++;
    const context = current();
    if (context !== undefined) {
      traced++;
      register('request', request);
      register('response', response);
      register('context', context);
      register('trace', context.trace);
    } else if (served % untracedShare === 0) {
      register('untraced', request);
    }
    response.end('ok');
  }
});
server.on('connection', (socket) => {
  sockets.add(socket);
  socket.on('close', () => sockets.delete(socket));
});
// The load pauses while memory is measured.
server.keepAliveTimeout = 600_000;
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
