// Five quick queries of MariaDB, each of its own kind.
import express from 'express';
import mysql from 'mysql2/promise';

import { serve } from '../serve.mjs';

const pool = mysql.createPool(process.env.MYSQL_DATABASE_URL);
const app = express();

app.get('/orders/:id', async (request, response) => {
  const { id } = request.params;
  const [items] = await pool.execute('select * from items where order_id = ?', [id]);
  const [count] = await pool.execute('select count(*) as many from items where order_id = ?', [id]);
  const [first] = await pool.execute('select name from items where order_id = ? order by id limit 1', [id]);
  const [last] = await pool.execute('select max(id) as last from items', []);
  const [now] = await pool.query('select now() as now');
  response.json({ items, count, first, last, now });
});

serve(app);
