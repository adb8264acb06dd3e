// A server whose requests are emitted otherwise than once, as `request`; and emitters of such events that serve none.
const assert = require('node:assert');
const { createServer } = require('node:http');
const net = require('node:net');
const { profiler } = require('ostrace');

const mark = (name) => profiler.trace(name, () => {});

const another = createServer((request, response) => {
  mark('another');
  response.end();
});
const server = createServer((request, response) => {
  mark('handler');
  if (request.url === '/forward') {
    profiler.trace('forward', () => another.emit('request', request, response));
    return;
  }
  response.end();
  if (request.url === '/end') server.close();
});
server.on('checkContinue', (request, response) => {
  mark('asked');
  response.writeContinue();
  server.emit('request', request, response);
});
server.on('checkExpectation', (request, response) => {
  mark('expected');
  response.end();
});

const throwing = new Proxy({}, { get: () => assert.fail(), has: () => assert.fail() });
const seen = [];
const noServer = net.createServer();
noServer.on('request', (...args) => seen.push(args.length));
noServer.emit('request');
noServer.emit('request', 'text', null);
noServer.emit('request', {}, {});
noServer.emit('request', throwing, throwing);

server.listen(0, '127.0.0.1', () => console.log(server.address().port));
process.on('exit', () => console.log('seen', seen.join()));
