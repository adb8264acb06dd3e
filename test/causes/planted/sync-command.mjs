// Planted: an external command that the whole process waits for.
import { execFileSync } from 'node:child_process';

import express from 'express';
import pg from 'pg';

import { serve } from '../serve.mjs';

const pool = new pg.Pool();
const app = express();

app.get('/version', async (request, response) => {
  await pool.query('select * from orders where id = $1', [1]);
  execFileSync('sleep', ['0.5']);
  response.json({});
});

serve(app);
