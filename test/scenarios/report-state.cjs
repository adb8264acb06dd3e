// Prints what the agent has loaded and changed in this process.
const Module = require('node:module');
const childProcess = require('node:child_process');
const http = require('node:http');
const { dirname, relative, sep } = require('node:path');
const { threadId, Worker } = require('node:worker_threads');

const native = (fn) => !/tracing|original/.test(Function.prototype.toString.call(fn)) && !fn.__wrapped;

const files = Object.keys(require.cache);
const folder = dirname(files.find((file) => file.endsWith(`${sep}register.js`)) ?? '');

const dependency = /[\\/]node_modules[\\/]((?:import|require)-in-the-middle|shimmer)[\\/]/;

console.log(
  JSON.stringify({
    loaded: files.filter((file) => file.startsWith(folder + sep)).map((file) => relative(folder, file)),
    dependencies: files.filter((file) => dependency.test(file)),
    originals: {
      'http.request': native(http.request),
      'http.get': native(http.get),
      'Server.emit': native(http.Server.prototype.emit),
      'Module.require': native(Module.prototype.require),
      'Module.load': Object.getOwnPropertyDescriptor(Module.prototype, 'load').get === undefined,
      spawn: native(childProcess.spawn),
      spawnSync: native(childProcess.spawnSync),
      'ChildProcess.spawn': native(childProcess.ChildProcess.prototype.spawn),
      // The agent's is a twin, with its own text.
      Worker: /class Worker extends EventEmitter/.test(Function.prototype.toString.call(Worker)),
      getBuiltinModule: process.getBuiltinModule === undefined || native(process.getBuiltinModule),
    },
    listeners: process.eventNames().map(String).toSorted(),
    globals: Object.getOwnPropertySymbols(globalThis).map(String),
    threadId,
  }),
);
