// Planted: the process crashes while it waits for an answer.
import express from 'express';
import pg from 'pg';

import { serve } from '../serve.mjs';

const pool = new pg.Pool();
const app = express();

app.get('/orders/:id', async (request, response) => {
  const { rows } = await pool.query('select * from orders where id = $1', [request.params.id]);
  setTimeout(() => process.abort(), 500);
  await pool.query('select * from archive where order_id = $1', [request.params.id]);
  response.json(rows);
});

serve(app);
