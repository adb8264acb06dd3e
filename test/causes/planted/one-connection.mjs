// Planted: one connection for all, on which each query waits for its turn.
import express from 'express';
import pg from 'pg';

import { serve } from '../serve.mjs';

const client = new pg.Client();
await client.connect();
const app = express();

app.get('/dashboard', async (request, response) => {
  const [sales, visits, returns] = await Promise.all([
    client.query('select * from sales'),
    client.query('select * from visits'),
    client.query('select * from returns'),
  ]);
  response.json([sales.rows, visits.rows, returns.rows]);
});

serve(app);
