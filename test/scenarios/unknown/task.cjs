// A thread or a process that runs tasks as they are posted to it.
const { isMainThread, parentPort, workerData } = require('node:worker_threads');

const run = require('./run.cjs');

const answering = (reply) => async (id) => reply(await run(id));
if (isMainThread)
  process.on(
    'message',
    answering((id) => process.send(id)),
  );
else if (workerData?.by !== undefined)
  workerData.by.on(
    'message',
    answering((id) => workerData.by.postMessage(id)),
  );
else
  parentPort.on(
    'message',
    answering((id) => parentPort.postMessage(id)),
  );
