// Exports a table page by page, by offset.
import express from 'express';
import pg from 'pg';

import { serve } from '../serve.mjs';

const pool = new pg.Pool();
const app = express();

app.get('/export', async (request, response) => {
  for (let page = 0; page < 8; page++) {
    const { rows } = await pool.query('select id, kind from events order by id limit $1 offset $2', [
      100,
      page * 100,
    ]);
    response.write(JSON.stringify(rows));
  }
  response.end();
});

serve(app);
