// Planted: a query of a table that is not there, so that the request fails.
import express from 'express';
import pg from 'pg';

import { serve } from '../serve.mjs';

const pool = new pg.Pool();
const app = express();

app.get('/orders/:id', async (request, response) => {
  const { rows } = await pool.query('select * from orders where id = $1', [request.params.id]);
  const { rows: notes } = await pool.query('select * from notes where order_id = $1', [rows[0].id]);
  response.json({ ...rows[0], notes });
});
// What Express does by itself prints the error.
app.use((error, request, response, _next) => {
  response.status(500).json({ code: error.code });
});

serve(app);
