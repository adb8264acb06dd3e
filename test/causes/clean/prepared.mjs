// A prepared statement that is run four times.
import express from 'express';
import pg from 'pg';

import { serve } from '../serve.mjs';

const pool = new pg.Pool();
const app = express();

app.post('/logins', async (request, response) => {
  for (const digest of ['a', 'b', 'c', 'd']) {
    await pool.query({
      name: 'add-login',
      text: 'insert into logins (customer_id, digest) values ($1, $2)',
      values: [1, digest],
    });
  }
  response.json({});
});

serve(app);
