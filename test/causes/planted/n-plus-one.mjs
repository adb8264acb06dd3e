// Planted: a query for each item of an order, one after the other.
import express from 'express';
import pg from 'pg';

import { serve } from '../serve.mjs';

const pool = new pg.Pool();
const app = express();

app.get('/orders/:id', async (request, response) => {
  const { rows: items } = await pool.query('select * from items where order_id = $1', [request.params.id]);
  for (const item of items) {
    const { rows } = await pool.query('select * from reviews where item_id = $1', [item.id]);
    item.reviews = rows;
  }
  response.json(items);
});

serve(app);
