// Planted: one statement that is slow, among others that are not.
import express from 'express';
import pg from 'pg';

import { serve } from '../serve.mjs';

const pool = new pg.Pool();
const app = express();

app.get('/dashboard', async (request, response) => {
  const { rows: orders } = await pool.query('select * from orders limit 10');
  const { rows: archive } = await pool.query('select * from archive where order_id = $1', [1]);
  const { rows: customers } = await pool.query('select * from customers limit 10');
  response.json({ orders, archive, customers });
});

serve(app);
