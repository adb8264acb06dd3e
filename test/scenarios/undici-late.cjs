// Serves requests that ask by undici, whose requests are late where its pool is busy, a redirect is followed
// or an answer is asked for again; prints where it listens.
const { createServer } = require('node:http');
const undici = require('undici');

const base = process.argv[2];
const pool = new undici.Pool(base, { connections: 1 });
const { redirect, retry } = undici.interceptors;
const redirecting = new undici.Pool(base, { connections: 1 }).compose(redirect({ maxRedirections: 1 }));
const retrying = new undici.Pool(base, { connections: 1 }).compose(
  retry({ maxRetries: 1, minTimeout: 1, maxTimeout: 1 }),
);
const dispatchers = { pool, redirect: redirecting, retry: retrying };

const server = createServer(async (request, response) => {
  const way = request.url.split('/')[1];
  const dispatcher = dispatchers[way];
  try {
    const { body } = await dispatcher.request({ origin: base, path: request.url, method: 'GET' });
    await body.dump();
  } catch {
    // the second 503
  }
  response.end();
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
