// Reads many rows by a cursor of SQL.
import express from 'express';
import pg from 'pg';

import { serve } from '../serve.mjs';

const pool = new pg.Pool();
const app = express();

app.get('/events', async (request, response) => {
  const client = await pool.connect();
  await client.query('begin');
  await client.query('declare reader cursor for select id, kind from events where id <= 1500');
  let count = 0;
  for (;;) {
    const { rows } = await client.query('fetch 100 from reader');
    if (rows.length === 0) break;
    count += rows.length;
  }
  await client.query('commit');
  client.release();
  response.json({ count });
});

serve(app);
