// Planted: a query for each item of an order, on MariaDB.
import express from 'express';
import mysql from 'mysql2/promise';

import { serve } from '../serve.mjs';

const pool = mysql.createPool(process.env.MYSQL_DATABASE_URL);
const app = express();

app.get('/orders/:id', async (request, response) => {
  const [items] = await pool.execute('select * from items where order_id = ?', [request.params.id]);
  for (const item of items) {
    const [reviews] = await pool.execute('select * from reviews where item_id = ?', [item.id]);
    item.reviews = reviews;
  }
  response.json(items);
});

serve(app);
