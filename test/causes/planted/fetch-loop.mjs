// Planted: a request for each item, one after the other.
import express from 'express';

import { serve } from '../serve.mjs';

const [, , stock] = process.argv;
const app = express();

app.get('/basket', async (request, response) => {
  const items = [];
  for (let item = 1; item <= 12; item++) {
    const answer = await fetch(`${stock}/items/${item}?ms=20`);
    items.push(await answer.json());
  }
  response.json(items);
});

serve(app);
