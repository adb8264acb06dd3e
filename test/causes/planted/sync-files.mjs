// Planted: files are read synchronously.
import { readFileSync } from 'node:fs';

import express from 'express';
import pg from 'pg';

import { serve } from '../serve.mjs';

const pool = new pg.Pool();
const app = express();

app.get('/templates', async (request, response) => {
  await pool.query('select * from orders where id = $1', [1]);
  let size = 0;
  for (let i = 0; i < 20_000; i++) size += readFileSync(import.meta.filename).length;
  response.json({ size });
});

serve(app);
