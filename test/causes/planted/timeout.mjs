// Planted: a service that does not answer in time, which the application does without.
import express from 'express';

import { serve } from '../serve.mjs';

const [, , stock] = process.argv;
const app = express();

app.get('/orders/:id', async (request, response) => {
  const answer = await fetch(`${stock}/items/1?ms=${request.query.ms ?? 0}`, {
    signal: AbortSignal.timeout(400),
  }).catch(() => undefined);
  response.json({ stock: (await answer?.json()) ?? 'unknown' });
});

serve(app);
