// Planted: a worker thread for each request, whose start takes longer than its work.
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

import express from 'express';

import { serve } from '../serve.mjs';

const app = express();

app.get('/price', async (request, response) => {
  const worker = new Worker(new URL('worker-start-worker.mjs', import.meta.url), { workerData: 21 });
  worker.once('exit', () => console.log('the thread has ended'));
  const [price] = await once(worker, 'message');
  response.json({ price });
});

serve(app);
