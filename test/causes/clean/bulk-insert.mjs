// Inserts a thousand rows by one statement.
import express from 'express';
import pg from 'pg';

import { serve } from '../serve.mjs';

const pool = new pg.Pool();
const app = express();

app.post('/import', async (request, response) => {
  const ids = Array.from({ length: 1000 }, (_, i) => i % 20);
  await pool.query("insert into logins (customer_id, digest) select unnest($1::int[]), 'imported'", [ids]);
  response.json({ count: ids.length });
});

serve(app);
