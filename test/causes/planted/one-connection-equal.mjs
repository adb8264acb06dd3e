// Planted: one connection for all, on which equal queries wait for their turn.
import express from 'express';
import pg from 'pg';

import { serve } from '../serve.mjs';

const client = new pg.Client();
await client.connect();
const app = express();

app.get('/reviews', async (request, response) => {
  const items = Array.from({ length: 20 }, (_, i) => i + 1);
  const answers = await Promise.all(
    items.map((item) => client.query('select * from reviews where item_id = $1', [item])),
  );
  response.json(answers.map(({ rows }) => rows));
});

serve(app);
