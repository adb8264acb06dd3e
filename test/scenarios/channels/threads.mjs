import { Worker } from 'node:worker_threads';

import { receiver, serve } from './service.cjs';

serve((way) => {
  const worker = new Worker(new URL('thread.mjs', import.meta.url), { workerData: way });
  return receiver(worker, 'postMessage', () => worker.terminate());
});
