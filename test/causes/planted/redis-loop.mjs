// Planted: a key after the other, instead of MGET.
import express from 'express';
import { Redis } from 'ioredis';

import { serve } from '../serve.mjs';

const redis = new Redis(process.env.REDIS_URL);
const app = express();

app.get('/prices', async (request, response) => {
  const prices = [];
  for (let item = 0; item < 400; item++) prices.push(await redis.get(`ostrace-causes:price:${item}`));
  response.json(prices);
});

serve(app);
