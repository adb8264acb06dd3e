// A service that fails two times out of three.
import { serve } from '../serve.mjs';

let asked = 0;

serve((request, response) => {
  asked++;
  response.writeHead(asked % 3 === 0 ? 200 : 503).end('{}');
});
