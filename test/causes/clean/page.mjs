// A page of twelve quick queries, each of its own kind.
import express from 'express';
import pg from 'pg';

import { serve } from '../serve.mjs';

const pool = new pg.Pool();
const app = express();

app.get('/orders/:id', async (request, response) => {
  const { id } = request.params;
  const page = {};
  const ask = async (name, text, values = [id]) => {
    page[name] = (await pool.query(text, values)).rows;
  };
  await ask('order', 'select * from orders where id = $1');
  await ask('customer', 'select * from customers where id = $1', [page.order[0].customer_id]);
  await ask('items', 'select * from items where order_id = $1');
  await ask('count', 'select count(*) from items where order_id = $1');
  await ask('others', 'select id from orders where customer_id = $1', [page.customer[0].id]);
  await ask('settings', 'select name, value from settings', []);
  await ask('first', 'select name from items where order_id = $1 order by id limit 1');
  await ask('last', 'select name from items where order_id = $1 order by id desc limit 1');
  await ask('total', 'select sum(total) from orders where customer_id = $1', [page.customer[0].id]);
  await ask('logins', 'select count(*) from logins where customer_id = $1', [page.customer[0].id]);
  await ask('reviewed', 'select count(*) from review_rows where item_id = $1', [page.items[0].id]);
  await ask('now', 'select now()', []);
  response.json(page);
});

serve(app);
