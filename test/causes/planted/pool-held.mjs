// Planted: another request holds the only connection of the pool.
import express from 'express';
import pg from 'pg';

import { serve } from '../serve.mjs';

const pool = new pg.Pool({ max: 1 });
const app = express();

app.get('/export', async (request, response) => {
  console.log('GET /export');
  await pool.query('select pg_sleep(1)');
  response.json({});
});

app.get('/orders/:id', async (request, response) => {
  const { rows } = await pool.query('select * from orders where id = $1', [request.params.id]);
  response.json(rows);
});

serve(app);
