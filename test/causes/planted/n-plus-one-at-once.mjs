// Planted: a query for each item of an order, all at once, on a pool of five.
import express from 'express';
import pg from 'pg';

import { serve } from '../serve.mjs';

const pool = new pg.Pool({ max: 5 });
const app = express();

app.get('/orders/:id', async (request, response) => {
  const { rows: items } = await pool.query('select * from items where order_id = $1', [request.params.id]);
  const reviews = await Promise.all(
    items.map((item) => pool.query('select * from reviews where item_id = $1', [item.id])),
  );
  response.json(items.map((item, i) => ({ ...item, reviews: reviews[i].rows })));
});

serve(app);
