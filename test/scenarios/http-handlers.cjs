// A server whose handlers record where they run, in all the ways that lose a context.
const { createServer } = require('node:http');
const https = require('node:https');
const { inspect } = require('node:util');
const { profiler } = require('ostrace');

const handlers = {
  '/plain': (request, response) => response.end('plain'),
  '/boom': () => {
    throw new Error('boom');
  },
  '/status': (request, response) => {
    response.statusCode = 404;
    response.end('none');
  },
  // Marks in each kind of callback; all are children of the request's own point.
  '/events': async (request, response) => {
    profiler.trace('handler', () => {});
    request.on('data', () => {
      profiler.trace('data', () => {});
      console.log('some of the body');
    });
    response.on('finish', () => profiler.trace('finish', () => {}));
    response.on('close', () => profiler.trace('close', () => {}));
    await new Promise((resolve) => request.on('end', resolve));
    profiler.trace('end', () => {});
    setTimeout(() => {
      profiler.trace('timer', () => {});
      response.write('1');
      response.end('2');
    }, 5);
  },
  '/print': (request, response) => {
    response.end();
    console.log(inspect(request, { depth: Infinity, showHidden: true, maxArrayLength: Infinity }));
  },
  '/slow': (request, response) => {
    response.write('started');
    request.on('close', () => console.log('closed'));
  },
  '/after': (request, response) => {
    response.end('done');
    setTimeout(() => profiler.trace('afterwards', () => {}), 50);
  },
};

const listener = (request, response) => {
  if (request.url === '/end') {
    response.end();
    server.close();
    server.closeAllConnections();
    return;
  }
  void handlers[request.url.split('?')[0]](request, response);
};
process.on('uncaughtException', (error) => console.log(`uncaught ${error.message}`));
const { PSK } = process.env;
const server = PSK
  ? https.createServer({ ciphers: 'PSK', pskCallback: () => Buffer.from(PSK) }, listener)
  : createServer(listener);
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
