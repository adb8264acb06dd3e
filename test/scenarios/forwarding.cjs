// A service that calls another one, named by ?to=.
'use strict';
const { createServer } = require('node:http');

const server = createServer(async (request, response) => {
  const to = new URL(request.url, 'http://localhost').searchParams.get('to');
  try {
    const answer = to === null ? undefined : await fetch(to);
    response.statusCode = answer?.status ?? 200;
    response.end(answer === undefined ? '{"leaf": true}' : await answer.text());
  } catch (error) {
    response.statusCode = 502;
    response.end(JSON.stringify({ error: String(error.cause ?? error) }));
  }
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
process.once('SIGTERM', () => server.close());
