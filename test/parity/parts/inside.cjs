// What a thread sees of where it runs.
const threads = require('node:worker_threads');
const { performance } = require('node:perf_hooks');

const { parentPort, workerData } = threads;
// As text: what is deeper is not compared.
const listeners = (emitter) =>
  emitter
    .eventNames()
    .map((name) => `${String(name)} ${emitter.listenerCount(name)}`)
    .join();

exports.look = (main) => {
  const { port1 } = new threads.MessageChannel();
  const shown = {
    main,
    isMainThread: threads.isMainThread,
    threadId: threads.threadId > 0,
    threadName: threads.threadName,
    workerData,
    resourceLimits: Object.keys(threads.resourceLimits),
    argv: process.argv.slice(2),
    file: process.argv[1]?.replace(/.*[\\/]/, ''),
    execArgv: [...process.execArgv],
    env: Object.keys(process.env)
      .filter((name) => !name.startsWith('OSTRACE_'))
      .toSorted(),
    process: [
      process.exitCode,
      typeof process.send,
      typeof process.chdir,
      process.listenerCount('exit'),
      listeners(process),
      process.getMaxListeners(),
      Object.keys(process),
      process.getActiveResourcesInfo(),
    ],
    globals: Object.keys(globalThis),
    names: Object.getOwnPropertyNames(globalThis),
    parentPort: [
      listeners(parentPort),
      parentPort.constructor === threads.MessagePort,
      Object.keys(parentPort),
      Object.keys(port1),
    ],
    Worker: [threads.Worker.name, Object.getPrototypeOf(threads.Worker).name, threads.Worker.length],
    limit: Error.stackTraceLimit,
    clock: performance.timeOrigin > 1e12,
    entries: performance.getEntries().length,
    path: module.paths.length > 0,
    error: new Error('inside').stack.split('\n').length > 1,
    data: threads.getEnvironmentData('ostrace:handover'),
    promise: Promise.name,
    timers: [setTimeout.name, setImmediate.name, queueMicrotask.name],
  };
  port1.close();
  return shown;
};
