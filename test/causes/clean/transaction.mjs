// A transaction in which each statement needs the one before it.
import express from 'express';
import pg from 'pg';

import { serve } from '../serve.mjs';

const pool = new pg.Pool();
const app = express();

app.post('/orders/:id/pay', async (request, response) => {
  const client = await pool.connect();
  await client.query('begin');
  const { rows: orders } = await client.query('select * from orders where id = $1 for update', [2]);
  const { rows: customers } = await client.query('select * from customers where id = $1', [
    orders[0].customer_id,
  ]);
  const { rows: logins } = await client.query(
    'insert into logins (customer_id, digest) values ($1, $2) returning customer_id',
    [customers[0].id, 'paid'],
  );
  await client.query('update orders set total = total + 1 where customer_id = $1', [logins[0].customer_id]);
  await client.query('commit');
  client.release();
  response.json({});
});

serve(app);
