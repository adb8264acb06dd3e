// Sends events to a page, one every 50 ms.
import { setTimeout as delay } from 'node:timers/promises';

import { serve } from '../serve.mjs';

serve(async (request, response) => {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  for (let i = 0; i < 8; i++) {
    response.write(`data: ${i}\n\n`);
    await delay(50);
  }
  response.end();
});
