// What is left of requests and messages in this process, for the servers of the soaks.
const { AsyncLocalStorage } = require('node:async_hooks');
const { setTimeout: sleep } = require('node:timers/promises');
const { setFlagsFromString } = require('node:v8');
const { runInNewContext } = require('node:vm');

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

const registered = { request: 0, response: 0, context: 0, trace: 0, untraced: 0 };
const finalized = { request: 0, response: 0, context: 0, trace: 0, untraced: 0 };
const registry = new FinalizationRegistry((kind) => finalized[kind]++);

/** Counts an object, and once more when it is collected. */
exports.register = (kind, object) => {
  registered[kind]++;
  registry.register(object, kind);
};

/** Collects garbage, and tells what is left. */
exports.left = async () => {
  // Finalizers run in turns of their own.
  for (let i = 0; i < 5; i++) {
    collectGarbage();
    await sleep(20);
  }
  const { heapUsed, external, arrayBuffers, rss } = process.memoryUsage();
  return {
    memory: { heapUsed, external, arrayBuffers, rss },
    registered,
    finalized,
    ...calls,
    // Node 24 and newer have no such field, and no need of it.
    enabled: [...storages].map((storage) => storage.enabled === true).includes(true),
    resources: process.getActiveResourcesInfo().toSorted(),
  };
};
