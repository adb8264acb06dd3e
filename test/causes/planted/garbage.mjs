// Planted: so many objects stay in memory that collecting garbage is most of the work.
import express from 'express';
import pg from 'pg';

import { serve } from '../serve.mjs';

const pool = new pg.Pool();
const app = express();
const sessions = new Map();
for (let i = 0; i < 300_000; i++) sessions.set(`session ${i}`, { id: i, seen: [i, i + 1], user: { id: i } });

app.get('/sessions', async (request, response) => {
  await pool.query('select * from orders where id = $1', [1]);
  for (let round = 0; round < 6; round++) {
    const copies = [];
    for (const session of sessions.values()) {
      if (copies.length === 50_000) break;
      copies.push({ ...session, seen: [...session.seen], user: { ...session.user } });
    }
    sessions.set('copies', copies);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await pool.query('select * from customers where id = $1', [1]);
  response.json({ size: sessions.size });
});

serve(app);
