// Serves requests that ask an HTTP/2 server by one shared session of undici's or, without a package, of Node's own
// `fetch`; prints where it listens. The application itself never loads `http2`.
const { createServer } = require('node:http');
const { createRequire } = require('node:module');
const { join } = require('node:path');

const [, , backend, modules] = process.argv;
const undici = modules && createRequire(join(modules, 'node_modules/x'))('undici');
const dispatcher = undici && new undici.Agent({ allowH2: true, connections: 1 });

async function ask(path) {
  if (!undici) return (await fetch(backend + path)).text();
  if (path.includes('fetch')) return (await undici.fetch(backend + path, { dispatcher })).text();
  const options = path.includes('post') ? { method: 'POST', body: 'body' } : {};
  return (await undici.request(backend + path, { dispatcher, ...options })).body.text();
}

const server = createServer(async ({ url }, response) => {
  if (url === '/end') process.exit();
  response.end(await ask(url).catch(String));
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
