// A gateway: it asks the service behind it, and passes the answer on. What is planted lies behind it.
import express from 'express';

import { serve } from '../serve.mjs';

const [, , next] = process.argv;
const app = express();

app.use(async (request, response) => {
  const answer = await fetch(next + request.url).catch(() => undefined);
  response.status(answer?.status ?? 502).json(await answer?.json().catch(() => null));
});

serve(app);
