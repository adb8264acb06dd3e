// A server that answers at once, and tells on `/state` what is left of the requests before.
//   node soak-server.cjs AGENT   the agent's own module
const { AsyncLocalStorage } = require('node:async_hooks');
const http = require('node:http');
const { setTimeout: sleep } = require('node:timers/promises');
const { setFlagsFromString } = require('node:v8');
const { runInNewContext } = require('node:vm');

const { current, tracing } = require(process.argv[2]);

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc');

// The agent's storage, known by what is called of it.
const storages = new Set();
const calls = { entered: 0, disabled: 0 };
for (const [name, counter] of [
  ['run', 'entered'],
  ['enterWith', 'entered'],
  ['disable', 'disabled'],
]) {
  const original = AsyncLocalStorage.prototype[name];
  AsyncLocalStorage.prototype[name] = function (...args) {
    calls[counter]++;
    storages.add(this);
    return original.apply(this, args);
  };
}

// Of each traced request, and of a part of the others: a registration costs as much as the request.
const untracedShare = 50;
const registered = { request: 0, response: 0, context: 0, trace: 0, untraced: 0 };
const finalized = { request: 0, response: 0, context: 0, trace: 0, untraced: 0 };
const registry = new FinalizationRegistry((kind) => finalized[kind]++);
function register(kind, object) {
  registered[kind]++;
  registry.register(object, kind);
}

let served = 0;
let traced = 0;
const sockets = new Set();

function listeners(emitter) {
  return emitter.eventNames().reduce((sum, name) => sum + emitter.listenerCount(name), 0);
}

async function state() {
  // Finalizers run in turns of their own.
  for (let i = 0; i < 5; i++) {
    collectGarbage();
    await sleep(20);
  }
  const { heapUsed, external, arrayBuffers, rss } = process.memoryUsage();
  return {
    served,
    traced,
    live: tracing.live,
    memory: { heapUsed, external, arrayBuffers, rss },
    registered,
    finalized,
    ...calls,
    // Node 24 and newer have no such field, and no need of it.
    enabled: [...storages].map((storage) => storage.enabled === true).includes(true),
    listeners: [...sockets].map(listeners),
    processListeners: listeners(process),
    resources: process.getActiveResourcesInfo().toSorted(),
  };
}

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
