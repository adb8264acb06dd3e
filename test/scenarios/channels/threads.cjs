const { join } = require('node:path');
const { Worker } = require('node:worker_threads');
const { receiver, serve } = require('./service.cjs');

serve((way) => {
  const worker = new Worker(join(__dirname, 'thread.cjs'), { workerData: way });
  return receiver(worker, 'postMessage', () => worker.terminate());
});
