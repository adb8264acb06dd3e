// Reads many rows by a cursor, a hundred at a time.
import express from 'express';
import pg from 'pg';
import Cursor from 'pg-cursor';

import { serve } from '../serve.mjs';

const pool = new pg.Pool();
const app = express();

app.get('/events', async (request, response) => {
  const client = await pool.connect();
  const cursor = client.query(new Cursor('select id, kind from events where id <= $1', [1500]));
  let count = 0;
  for (;;) {
    const rows = await cursor.read(100);
    if (rows.length === 0) break;
    count += rows.length;
  }
  await cursor.close();
  client.release();
  response.json({ count });
});

serve(app);
