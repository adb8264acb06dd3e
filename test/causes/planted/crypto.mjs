// Planted: 300 ms of synchronous cryptography, in the request itself or in another one.
import { pbkdf2Sync } from 'node:crypto';

import express from 'express';
import pg from 'pg';

import { serve } from '../serve.mjs';

const [, , stock] = process.argv;
const pool = new pg.Pool();
const app = express();
const hash = (password) => pbkdf2Sync(password, 'salt', 400_000, 64, 'sha512').toString('hex');

app.post('/login', async (request, response) => {
  const { rows } = await pool.query('select * from customers where id = $1', [1]);
  const digest = hash('secret');
  await pool.query('insert into logins (customer_id, digest) values ($1, $2)', [rows[0].id, digest]);
  response.json({});
});

app.get('/report', (request, response) => {
  console.log('GET /report');
  response.json({ signature: hash('report') });
});

app.get('/orders/:id', async (request, response) => {
  const { rows } = await pool.query('select * from orders where id = $1', [request.params.id]);
  if (stock !== undefined) rows[0].stock = await (await fetch(`${stock}/items/1`)).json();
  response.json(rows);
});

serve(app);
