// A server that tells of the agent's state after the requests that the test sends.
const { AsyncLocalStorage, createHook } = require('node:async_hooks');
const http = require('node:http');

let entered = 0;
for (const name of ['run', 'enterWith']) {
  const original = AsyncLocalStorage.prototype[name];
  AsyncLocalStorage.prototype[name] = function (...args) {
    entered++;
    return original.apply(this, args);
  };
}
let disabled = 0;
const { disable } = AsyncLocalStorage.prototype;
AsyncLocalStorage.prototype.disable = function () {
  disabled++;
  return disable.call(this);
};
const signalListeners = () => process.listenerCount('SIGTERM') + process.listenerCount('exit');
let workers = 0;
// The exporter's thread is hidden from the channel and the event that tell of threads.
createHook({ init: (_id, type) => void (workers += type === 'WORKER' ? 1 : 0) }).enable();

const server = http.createServer((request, response) => {
  if (request.url === '/state') {
    response.end(JSON.stringify({ entered, disabled, workers, listeners: signalListeners() }));
  } else if (request.url === '/end') {
    response.end();
    server.close();
    server.closeAllConnections();
  } else {
    response.setHeader(
      'x-own-emit',
      String(Object.hasOwn(request, 'emit') || Object.hasOwn(response, 'emit')),
    );
    response.end(`hello ${request.url}`);
  }
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
