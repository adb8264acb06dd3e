// Streams ten thousand rows to the client, as they come.
import { pipeline } from 'node:stream/promises';

import express from 'express';
import pg from 'pg';
import QueryStream from 'pg-query-stream';

import { serve } from '../serve.mjs';

const pool = new pg.Pool();
const app = express();

app.get('/export', async (request, response) => {
  const client = await pool.connect();
  const rows = client.query(new QueryStream('select id, kind from events where id <= $1', [10_000]));
  const lines = rows.map((row) => `${row.id};${row.kind}\n`);
  await pipeline(lines, response);
  client.release();
});

serve(app);
