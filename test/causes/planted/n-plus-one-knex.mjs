// Planted: a query for each item of an order, by knex.
import express from 'express';
import knex from 'knex';

import { serve } from '../serve.mjs';

const { PGHOST: host, PGPORT: port, PGUSER: user, PGPASSWORD: password, PGDATABASE: database } = process.env;
const db = knex({ client: 'pg', connection: { host, port: Number(port), user, password, database } });
const app = express();

app.get('/orders/:id', async (request, response) => {
  const items = await db('items').where({ order_id: request.params.id });
  for (const item of items) {
    item.reviews = await db('reviews').where({ item_id: item.id }).orderBy('id').limit(10);
  }
  response.json(items);
});

serve(app);
