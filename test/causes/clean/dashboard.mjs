// Four different queries at once, on a pool that has a connection for each.
import express from 'express';
import pg from 'pg';

import { serve } from '../serve.mjs';

const pool = new pg.Pool({ max: 10 });
const app = express();

app.get('/dashboard', async (request, response) => {
  const answers = await Promise.all([
    pool.query('select * from sales'),
    pool.query('select * from visits'),
    pool.query('select * from returns'),
    pool.query('select * from orders limit 10'),
  ]);
  response.json(answers.map(({ rows }) => rows));
});

serve(app);
