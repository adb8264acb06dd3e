// Three requests, each of which needs the answer of the one before it.
import express from 'express';

import { serve } from '../serve.mjs';

const [, , stock] = process.argv;
const app = express();

app.post('/orders', async (request, response) => {
  const post = async (path) => (await fetch(`${stock}${path}?ms=30`, { method: 'POST' })).json();
  const order = await post('/orders');
  const payment = await post(`${order.path}/${order.stock}/payments`);
  const receipt = await post(`${payment.path}/${payment.stock}/receipts`);
  response.json(receipt);
});

serve(app);
