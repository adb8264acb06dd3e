// The thread and the process of the works: one answers many requests, the others belong to one.
const { isMainThread, parentPort, workerData } = require('node:worker_threads');
const { profiler } = require('ostrace');

if (isMainThread) {
  const [, , id] = process.argv;
  profiler.trace('in the process', { id }, () => {});
  process.send(id, () => process.disconnect());
} else if (workerData.id !== undefined) {
  profiler.trace('in the thread', { id: workerData.id }, () => {});
  parentPort.postMessage(workerData.id);
} else {
  parentPort.on('message', (message) => {
    profiler.trace('in the shared thread', message, () => {});
    parentPort.postMessage(message);
  });
}
