// Planted: three different queries one after the other, of which none needs the answer of another.
import express from 'express';
import pg from 'pg';

import { serve } from '../serve.mjs';

const pool = new pg.Pool();
const app = express();

app.get('/dashboard', async (request, response) => {
  const { rows: sales } = await pool.query('select * from sales');
  const { rows: visits } = await pool.query('select * from visits');
  const { rows: returns } = await pool.query('select * from returns');
  response.json({ sales, visits, returns });
});

serve(app);
