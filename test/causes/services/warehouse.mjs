// A service whose statement is slow.
import express from 'express';
import pg from 'pg';

import { serve } from '../serve.mjs';

const pool = new pg.Pool();
const app = express();

app.get('/items/:id', async (request, response) => {
  const { rows } = await pool.query('select * from stock where item_id = $1', [request.params.id]);
  response.json(rows);
});

serve(app);
