// Waits for news from the database, as long as it takes, and gives them on.
import express from 'express';
import pg from 'pg';

import { serve } from '../serve.mjs';

const pool = new pg.Pool();
const listener = new pg.Client();
await listener.connect();
await listener.query(`listen news_${process.pid}`);
const app = express();

app.get('/news', (request, response) => {
  listener.once('notification', ({ payload }) => response.json({ payload }));
  // What happens elsewhere.
  setTimeout(() => pool.query(`select pg_notify('news_${process.pid}', 'sold out')`), 200);
});

serve(app);
