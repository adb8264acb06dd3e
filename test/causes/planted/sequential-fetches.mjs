// Planted: three services are asked one after the other, and none needs the answer of another.
import express from 'express';

import { serve } from '../serve.mjs';

const [, , stock] = process.argv;
const app = express();
const ask = async (path) => (await fetch(`${stock}${path}?ms=150`)).json();

app.get('/orders/:id', async (request, response) => {
  const level = await ask('/levels');
  const price = await ask('/prices');
  const shipping = await ask('/shipping');
  response.json({ level, price, shipping });
});

serve(app);
