// Planted: a table is read as a whole, to be counted.
import express from 'express';
import pg from 'pg';

import { serve } from '../serve.mjs';

const pool = new pg.Pool();
const app = express();

app.get('/events', async (request, response) => {
  const { rows } = await pool.query('select * from events');
  response.json({ today: rows.filter((row) => row.kind === 'login').length });
});

serve(app);
