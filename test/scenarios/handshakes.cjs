// A server that hands its connections over to other protocols, or refuses to.
const { createServer } = require('node:http');
const { WebSocketServer } = require('ws');
const { profiler } = require('ostrace');

const sockets = new WebSocketServer({ noServer: true });
const upgrades = {
  '/websocket': (request, socket, head) =>
    sockets.handleUpgrade(request, socket, head, (peer) => {
      profiler.trace('accepted', () => {});
      peer.on('message', (data) => peer.send(data));
    }),
  '/late': (request, socket) =>
    setTimeout(() => {
      profiler.trace('timer', () => {});
      socket.write(
        Buffer.from('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n'),
      );
      socket.on('data', (data) => socket.write(data));
    }, 5),
  '/wrapped': (request, socket) => {
    const { write } = socket;
    let count = 0;
    socket.write = function (...args) {
      count++;
      return Reflect.apply(write, this, args);
    };
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n');
    socket.write('1');
    socket.write('2');
    console.log(`seen ${count}`);
  },
  '/looks': (request, socket) => {
    const looks = [socket.write, socket.end, socket.emit].map((method) => [
      method.name,
      method.length,
      Object.keys(method),
      Object.hasOwn(method, 'prototype'),
    ]);
    console.log(`looks ${JSON.stringify(looks)}`);
    upgrades['/refused'](request, socket);
  },
  '/refused': (request, socket) => socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n'),
  '/dropped': (request, socket) => socket.destroy(),
};

const server = createServer((request, response) => {
  response.end();
  if (request.url !== '/end') return;
  server.close();
  server.closeAllConnections();
  for (const peer of sockets.clients) peer.terminate();
});
server.on('upgrade', (request, socket, head) => {
  socket.on('error', () => {});
  profiler.trace('inside', () => {});
  // As frameworks do: the request goes on to the listeners of another server.
  inner.emit('upgrade', request, socket, head);
});
server.on('connect', (request, socket) => {
  profiler.trace('inside', () => {});
  socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
  socket.on('data', (data) => socket.write(data));
});
const inner = createServer();
inner.on('upgrade', (request, socket, head) => upgrades[request.url.split('?')[0]](request, socket, head));

// Events of these names, of a server that is none of HTTP.
const other = require('node:net').createServer();
other.on('upgrade', () => {}).on('stream', () => {});
server.listen(0, '127.0.0.1', () => {
  other.emit('upgrade');
  other.emit('stream', 1, { headers: null });
  other.emit('upgrade', { headers: {} }, null);
  console.log(server.address().port);
});
