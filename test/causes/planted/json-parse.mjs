// Planted: a very large text is parsed at once.
import express from 'express';
import pg from 'pg';

import { serve } from '../serve.mjs';

const pool = new pg.Pool();
const app = express();
const item = { id: 7, name: 'a chair of wood', tags: ['red', 'wood', 'old'], size: { height: 12, width: 7 } };
const catalogue = JSON.stringify(Array.from({ length: 300_000 }, () => item));

app.get('/catalogue/count', async (request, response) => {
  await pool.query('select * from orders where id = $1', [1]);
  const count = JSON.parse(catalogue).length;
  await pool.query('select * from customers where id = $1', [1]);
  response.json({ count });
});

serve(app);
