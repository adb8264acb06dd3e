// A service that answers after a while: `/items/7?ms=100`.
import { setTimeout as delay } from 'node:timers/promises';

import { serve } from '../serve.mjs';

serve(async (request, response) => {
  const { pathname, searchParams } = new URL(request.url, 'http://stock');
  await delay(Number(searchParams.get('ms') ?? 0));
  response.setHeader('content-type', 'application/json').end(JSON.stringify({ path: pathname, stock: 3 }));
});
