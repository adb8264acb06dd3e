// Preloaded before the agent: counts what it asks of Node's module hooks, and threads, a hidden one too.
const { createHook } = require('node:async_hooks');
const Module = require('node:module');

const counted = { register: 0, registerHooks: 0, threads: 0 };
for (const name of ['register', 'registerHooks']) {
  const original = Module[name];
  // `registerHooks` is not there before Node 22.15.
  if (original === undefined) continue;
  Module[name] = function (...args) {
    counted[name]++;
    return Reflect.apply(original, this, args);
  };
}
Module.syncBuiltinESMExports();
createHook({ init: (_id, type) => void (counted.threads += type === 'WORKER' ? 1 : 0) }).enable();

globalThis.counted = counted;
