// Passes on the headers that it was asked with, by each client, from where no point is made: in a callback of a
// connection that requests share, and after its answer; the path names the place. Prints where it listens.
const http = require('node:http');
const http2 = require('node:http2');
const net = require('node:net');
const { setTimeout: sleep } = require('node:timers/promises');
const undici = require('undici');

const { ports } = JSON.parse(process.argv[2]);

const ended = (request) =>
  new Promise((resolve, reject) => {
    request.on('response', (answer) => answer.resume?.());
    request.on('error', reject).on('close', resolve);
    request.resume?.();
    request.end();
  });
const url = (host, path) => `http://${host}:${ports.http}${path}`;
const upper = (headers) => Object.entries(headers).flatMap(([name, value]) => [name.toUpperCase(), value]);
const byHttp2 = (make) => async (host, path, headers) => {
  const session = http2.connect(`http://${host}:${ports.http2}`);
  await ended(session.request(make(path, headers)));
  session.close();
};

const clients = {
  http: (host, path, headers) => ended(http.request(url(host, path), { headers })),
  'http, a list': (host, path, headers) =>
    ended(http.request(url(host, path), { headers: ['Host', host, ...upper(headers)] })),
  'http, set': (host, path, headers) => {
    const request = http.request(url(host, path));
    for (const [name, value] of Object.entries(headers)) request.setHeader(name, value);
    return ended(request);
  },
  'http, an agent': (host, path, headers) =>
    ended(http.request(url(host, path), { headers, agent: new (class extends http.Agent {})() })),
  fetch: async (host, path, headers) => void (await (await fetch(url(host, path), { headers })).text()),
  undici: async (host, path, headers) => (await undici.request(url(host, path), { headers })).body.dump(),
  'undici, a list': async (host, path, headers) =>
    (await undici.request(url(host, path), { headers: upper(headers) })).body.dump(),
  // The second is sent when the first was answered.
  'undici, a busy pool': async (host, path, headers) => {
    const dispatcher = new undici.Pool(url(host, ''), { connections: 1 });
    const asked = [{}, headers].map((each) => undici.fetch(url(host, path), { headers: each, dispatcher }));
    for (const answer of asked) await (await answer).text();
    await dispatcher.close();
  },
  http2: byHttp2((path, headers) => ({ ':path': path, ...headers })),
  ...(Number(process.versions.node.split('.')[0]) >= 24 && {
    'http2, a list': byHttp2((path, headers) => [':path', path, ...upper(headers)]),
  }),
};

async function askAll({ url: place, headers: given }) {
  const names = Object.keys(given).filter((name) => name.startsWith('x-trace-'));
  const headers = Object.fromEntries(names.map((name) => [name, given[name]]));
  for (const [client, ask] of Object.entries(clients)) {
    for (const host of ['localhost', '127.0.0.1']) {
      await ask(host, `${place}/${host}/${client.replaceAll(/\W+/g, '-')}`, headers);
    }
  }
}

// A client of a connection that all share, known to nobody.
const echo = net.createServer((socket) => socket.pipe(socket));
let shared;
const waiting = [];
function later(callback) {
  if (!shared) {
    shared = net.connect(echo.address().port);
    shared.on('data', (data) => {
      for (const _ of String(data)) waiting.shift()();
    });
  }
  waiting.push(callback);
  shared.write('x');
}

const places = {
  '/nobody': (from, to) => later(() => askAll(from).finally(() => to.end())),
  '/untraced': (from, to) => askAll(from).finally(() => to.end()),
  '/late': (from, to) => {
    to.end();
    late = sleep(500).then(() => askAll(from));
  },
};
let late;

const server = http.createServer(async (from, to) => {
  if (from.url !== '/end') {
    places[from.url](from, to);
    return;
  }
  await late;
  process.exit();
});
echo.listen(0, () => server.listen(0, '127.0.0.1', () => console.log(server.address().port)));
