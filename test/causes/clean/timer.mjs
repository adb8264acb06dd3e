// Waits on purpose, so that nobody can tell by the time whether a user exists.
import { setTimeout as delay } from 'node:timers/promises';

import express from 'express';
import pg from 'pg';

import { serve } from '../serve.mjs';

const pool = new pg.Pool();
const app = express();

app.post('/login', async (request, response) => {
  const { rows } = await pool.query('select * from customers where id = $1', [1]);
  await delay(250);
  response.json({ id: rows[0].id });
});

serve(app);
