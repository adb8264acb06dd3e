// Takes an upload and stores what it was.
import express from 'express';
import pg from 'pg';

import { serve } from '../serve.mjs';

const pool = new pg.Pool();
const app = express();

app.post('/upload', async (request, response) => {
  let size = 0;
  for await (const piece of request) size += piece.length;
  await pool.query('insert into logins (customer_id, digest) values ($1, $2)', [1, `upload ${size}`]);
  response.json({ size });
});

serve(app);
