// Planted: the pool closes idle connections at once, and opening one takes long.
import express from 'express';
import pg from 'pg';

import { serve } from '../serve.mjs';

const pool = new pg.Pool({ idleTimeoutMillis: 1 });
const app = express();

app.get('/orders/:id', async (request, response) => {
  const { rows } = await pool.query('select * from orders where id = $1', [request.params.id]);
  response.json(rows);
});

serve(app);
