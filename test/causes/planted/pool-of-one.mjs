// Planted: a pool of one connection, and queries that could run at once.
import express from 'express';
import pg from 'pg';

import { serve } from '../serve.mjs';

const pool = new pg.Pool({ max: 1 });
const app = express();

app.get('/dashboard', async (request, response) => {
  const [sales, visits, returns] = await Promise.all([
    pool.query('select * from sales'),
    pool.query('select * from visits'),
    pool.query('select * from returns'),
  ]);
  response.json([sales.rows, visits.rows, returns.rows]);
});

serve(app);
