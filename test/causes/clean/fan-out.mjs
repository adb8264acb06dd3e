// Eight requests at once, as it should be.
import express from 'express';

import { serve } from '../serve.mjs';

const [, , stock] = process.argv;
const app = express();

app.get('/basket', async (request, response) => {
  const items = Array.from({ length: 8 }, async (_, i) => {
    const answer = await fetch(`${stock}/items/${i}?ms=40`);
    return answer.json();
  });
  response.json(await Promise.all(items));
});

serve(app);
