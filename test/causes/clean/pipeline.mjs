// Reads many keys by one pipeline, and as many by MGET.
import express from 'express';
import { Redis } from 'ioredis';

import { serve } from '../serve.mjs';

const redis = new Redis(process.env.REDIS_URL);
const app = express();
const keys = Array.from({ length: 30 }, (_, i) => `ostrace-causes:price:${i}`);

app.get('/prices', async (request, response) => {
  const pipeline = redis.pipeline();
  for (const key of keys) pipeline.get(key);
  const prices = await pipeline.exec();
  const again = await redis.mget(keys);
  response.json({ prices, again });
});

serve(app);
