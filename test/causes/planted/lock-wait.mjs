// Planted: a row that another request has locked.
import express from 'express';
import pg from 'pg';

import { serve } from '../serve.mjs';

const pool = new pg.Pool();
await Promise.all([pool.query('select 1'), pool.query('select 1')]);
const app = express();

app.get('/close', async (request, response) => {
  const client = await pool.connect();
  await client.query('begin');
  await client.query('update orders set total = total + 1 where id = 1');
  console.log('GET /close');
  await client.query('select pg_sleep(1)');
  await client.query('commit');
  client.release();
  response.json({});
});

app.post('/orders/:id', async (request, response) => {
  await pool.query('select * from customers where id = $1', [1]);
  await pool.query('update orders set total = 0 where id = $1', [request.params.id]);
  response.json({});
});

serve(app);
