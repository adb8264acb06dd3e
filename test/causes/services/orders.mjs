// A service in the middle: it asks the next one, and passes the answer on.
import { serve } from '../serve.mjs';

const [, , next] = process.argv;

serve(async (request, response) => {
  const answer = await fetch(next + request.url);
  response.writeHead(answer.status).end(await answer.text());
});
