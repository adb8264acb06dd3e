// Planted: a setting that each of the functions looks up again.
import express from 'express';
import pg from 'pg';

import { serve } from '../serve.mjs';

const pool = new pg.Pool();
const app = express();

async function setting(name) {
  const { rows } = await pool.query('select value, pg_sleep($2) from settings where name = $1', [
    name,
    0.005,
  ]);
  return rows[0].value;
}

async function priceOf(item) {
  return { item, currency: await setting('currency') };
}

app.get('/prices', async (request, response) => {
  const prices = [];
  for (let item = 1; item <= 12; item++) prices.push(await priceOf(item));
  response.json(prices);
});

serve(app);
