// Finds the answer in Redis.
import express from 'express';
import { Redis } from 'ioredis';
import pg from 'pg';

import { serve } from '../serve.mjs';

const redis = new Redis(process.env.REDIS_URL);
const pool = new pg.Pool();
const app = express();

app.get('/orders/:id', async (request, response) => {
  const key = `ostrace-causes:order:${process.pid}:${request.params.id}`;
  const known = await redis.get(key);
  if (known !== null) {
    response.type('json').send(known);
    return;
  }
  const { rows } = await pool.query('select * from orders where id = $1', [request.params.id]);
  await redis.set(key, JSON.stringify(rows), 'EX', 60);
  response.json(rows);
});

serve(app);
