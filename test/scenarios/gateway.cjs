// A gateway that passes on to a backend what it is asked, headers included, in each way that there is; the path names
// the way. Prints where it listens, and the ways.
const http = require('node:http');
const http2 = require('node:http2');
const { createRequire } = require('node:module');
const { join } = require('node:path');
const { setTimeout: sleep } = require('node:timers/promises');
const { profiler } = require('ostrace');
const undici = require('undici');

const [, , given, modules] = process.argv;
const { ports } = JSON.parse(given);
const backend = `http://localhost:${ports.http}`;
const require_ = modules && createRequire(join(modules, 'node_modules/x'));

const third = { host: 'api.third-party.example' };
const ended = new Set(['host', 'connection', 'content-length', 'transfer-encoding', 'keep-alive']);
/** Those that a gateway passes on. */
const end = (headers) =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !ended.has(name.toLowerCase())));
const pairs = (list) => list.flatMap((name, i) => (i % 2 === 0 ? [[name, list[i + 1]]] : []));
const endRaw = (list) => pairs(list).filter(([name]) => !ended.has(name.toLowerCase()));
const upper = (headers) =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toUpperCase(), value]));
const other = {
  'x-trace-info': Buffer.from(
    '{"base_id": "11111111-1111-4111-8111-111111111111", "parent_id": "11111111-1111-4111-8111-111111111111"}',
  ).toString('base64'),
  'x-trace-hmac': 'f'.repeat(40),
};

const pass = (from, to, options) => {
  const onward = http.request(`${backend}${from.url}`, options);
  onward.on('response', (answer) => answer.pipe(to)).on('error', (error) => to.destroy(error));
  return onward;
};
const http_ = (headers, options) => (from, to) =>
  void pass(from, to, { headers: headers(from), ...options }).end();
const http2_ = (headers) => (from, to) => {
  const session = http2.connect(`http://localhost:${ports.http2}`);
  const stream = session.request(headers(from));
  stream.pipe(to);
  stream.on('close', () => session.close());
};
const fetch_ = (ask, headers) => async (from, to) => {
  to.end(await (await ask(`${backend}${from.url}`, { headers: headers(from) })).text());
};
const undici_ = (headers) => async (from, to) => {
  const { body } = await undici.request(`${backend}${from.url}`, { headers: headers(from) });
  to.end(await body.text());
};

const ways = {
  http: http_(({ headers }) => headers),
  'http, in upper case': http_(({ headers }) => upper(end(headers))),
  'http, distinct': http_(({ headersDistinct }) => end(headersDistinct)),
  'http, raw': http_(({ rawHeaders }) => ['Host', 'localhost', ...endRaw(rawHeaders).flat()]),
  'http, pairs': http_(({ rawHeaders }) => [['Host', 'localhost'], ...endRaw(rawHeaders)]),
  'http, twice': http_(({ rawHeaders, headers }) =>
    ['Host', 'localhost', ...endRaw(rawHeaders), ...Object.entries(end(headers))].flat(),
  ),
  'http, an Expect': http_(({ headers }) => ({ ...end(headers), expect: '100-continue' }), {
    method: 'POST',
  }),
  'http, an agent': http_(({ headers }) => headers, { agent: new (class extends http.Agent {})() }),
  'http, its own socket': http_(({ headers }) => end(headers), {
    createConnection: () => require('node:net').connect(ports.http, 'localhost'),
  }),
  'http, set': (from, to) => {
    const onward = pass(from, to);
    for (const [name, value] of Object.entries(end(from.headers))) onward.setHeader(name, value);
    onward.end();
  },
  'http, set when it has its socket': async (from, to) => {
    const onward = pass(from, to);
    await new Promise((resolve) => onward.on('socket', resolve));
    await sleep(5);
    for (const [name, value] of Object.entries(end(from.headers))) onward.setHeader(name, value);
    onward.end();
  },
  'http, by hand': http_(() => profiler.traceHeaders()),
  fetch: fetch_(fetch, ({ headers }) => end(headers)),
  'fetch, Headers': fetch_(
    (url, { headers }) => fetch(new Request(url, { headers: new Headers(headers) })),
    ({ headers }) => end(headers),
  ),
  'fetch, by hand': fetch_(fetch, () => profiler.traceHeaders()),
  undici: undici_(({ headers }) => end(headers)),
  'undici, raw': undici_(({ rawHeaders }) => endRaw(rawHeaders).flat()),
  'undici, by hand': undici_(() => profiler.traceHeaders()),
  http2: http2_(({ url, headers }) => ({ ...end(headers), ':path': url })),
  'http2, in upper case': http2_(({ url, headers }) => ({ ...upper(end(headers)), ':path': url })),
  'http2, frozen': http2_(({ url, headers }) => Object.freeze({ ...end(headers), ':path': url })),
  ...(Number(process.versions.node.split('.')[0]) >= 24 && {
    'http2, a list': http2_(({ url, headers }) => [':path', url, ...Object.entries(end(headers)).flat()]),
  }),
  'http2, by hand': http2_(({ url }) => ({ ...profiler.traceHeaders(), ':path': url })),
  'not for it: http': http_(({ headers }) => ({ ...end(headers), ...third })),
  'not for it: http, raw': http_(({ rawHeaders }) => ['Host', third.host, ...endRaw(rawHeaders).flat()]),
  'not for it: undici': undici_(({ headers }) => ({ ...end(headers), ...third })),
  'not for it: http2': http2_(({ url, headers }) => ({
    ...end(headers),
    ':authority': third.host,
    ':path': url,
  })),
  'not for it: AWS': http_(({ headers }) => ({
    ...end(headers),
    authorization: 'AWS4-HMAC-SHA256 SignedHeaders=host',
  })),
  'another: http': http_(() => other),
  'another: undici': undici_(() => other),
  'another: http2': http2_(({ url }) => ({ ...other, ':path': url })),
  'another: AWS': http_(({ headers }) => ({
    ...end(headers),
    authorization: 'AWS4-HMAC-SHA256 SignedHeaders=host;x-trace-info',
  })),
};
if (require_) {
  const proxy = require_('http-proxy').createProxyServer({ target: backend });
  ways['http-proxy'] = (from, to) => proxy.web(from, to);
  const middleware = require_('http-proxy-middleware').createProxyMiddleware({ target: backend });
  ways['http-proxy-middleware'] = (from, to) => middleware(from, to, () => {});
}

async function main() {
  let listener;
  if (require_) {
    const app = require_('fastify').fastify();
    await app.register(require_('@fastify/http-proxy'), { upstream: backend });
    await app.ready();
    ways['@fastify/http-proxy'] = (from, to) => app.routing(from, to);
  }
  const names = Object.keys(ways);
  const server = http.createServer(async (from, to) => {
    if (from.url === '/end') process.exit();
    const before = JSON.stringify([from.headers, from.rawHeaders]);
    const way = ways[names[Number(from.url.slice(1))]];
    to.on('close', () => {
      const isTouched = JSON.stringify([from.headers, from.rawHeaders]) !== before;
      if (isTouched) console.log(`the headers of ${from.url} are others now`);
    });
    try {
      await way(from, to);
    } catch (error) {
      console.log(error);
      to.destroy();
    }
  });
  listener = server.listen(0, '127.0.0.1', () =>
    console.log(JSON.stringify({ port: listener.address().port, names })),
  );
}

main();
