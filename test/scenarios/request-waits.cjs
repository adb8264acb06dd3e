// Outgoing requests that wait for something before they are sent; the path of each is the name of its way.
const dns = require('node:dns');
const http = require('node:http');
const https = require('node:https');
const net = require('node:net');
const { setTimeout: delay } = require('node:timers/promises');
const { Client } = require('undici');

const [, , plain, slowTls] = process.argv;
const { port } = new URL(plain);
const longMs = 60;
const { lookup } = dns;
const slowLookup = (name, options, done) => setTimeout(() => lookup(name, options, done), longMs);
const onePlace = (keepAlive) => new http.Agent({ keepAlive, maxSockets: 1 });

function block() {
  const until = performance.now() + longMs;
  while (performance.now() < until);
}

function ask(path, options = {}, prepare = () => {}) {
  return new Promise((resolve, reject) => {
    const { host = '127.0.0.1' } = options;
    const answered = (answer) => answer.resume().on('end', resolve);
    const request = http.get({ port, host, path, agent: false, family: 4, ...options }, answered);
    prepare(request.on('error', reject));
  });
}

function askSecurely(path) {
  const target = new URL(path, slowTls);
  return new Promise((resolve, reject) => {
    https
      .get(target, { agent: false, rejectUnauthorized: false }, (answer) =>
        answer.resume().on('end', resolve),
      )
      .on('error', reject);
  });
}

const text = async (answer) => (await answer).text();

/** In the order in which they are asked. */
const ways = {
  'open-connection': async (path) => {
    const agent = onePlace(true);
    for (let i = 0; i < 3; i++) await ask(path, { agent }, () => {});
    // What the application does after it asked is no wait.
    await ask(path, { agent }, block);
    agent.destroy();
  },
  'one-place': async (path) => {
    const agent = onePlace(true);
    await Promise.all([1, 2, 3].map(() => ask(`${path}?ms=${longMs}`, { agent })));
    agent.destroy();
  },
  'one-place-for-a-connection-each': (path) =>
    Promise.all(
      [1, 2].map(() =>
        ask(`${path}?close&ms=${longMs}`, { agent: onePlaceOnly, host: 'localhost', lookup: slowLookup }),
      ),
    ),
  'slow-name': (path) => ask(path, { host: 'localhost', lookup: slowLookup }),
  'slow-name-in-vain': (path) =>
    ask(path, {
      host: 'localhost',
      lookup: (name, options, done) => setTimeout(() => done(new Error('no such name')), longMs),
    }).catch(() => {}),
  'slow-connection': (path) =>
    ask(path, { host: 'localhost' }, (request) =>
      request.on('socket', (socket) => socket.once('lookup', block)),
    ),
  'slow-handshake': askSecurely,
  'connection-of-the-application': (path) =>
    ask(path, {
      createConnection(options, done) {
        const socket = net.connect(port, '127.0.0.1');
        socket.on('connect', () => setTimeout(() => done(null, socket), longMs));
      },
    }),
  'fetch-slow-name': async (path) => {
    dns.lookup = slowLookup;
    await text(fetch(`http://localhost:${port}${path}`));
    dns.lookup = lookup;
  },
  'fetch-open-connection': async (path) => {
    for (let i = 0; i < 3; i++) await text(fetch(plain + path));
    const asked = fetch(plain + path);
    block();
    await text(asked);
  },
  'fetch-slow-handshake': (path) => text(fetch(slowTls + path)),
  'undici-one-connection': async (path) => {
    const client = new Client(plain);
    const asked = [1, 2, 3].map(() => client.request({ path: `${path}?ms=${longMs}`, method: 'GET' }));
    for (const { body } of await Promise.all(asked)) await body.text();
    await client.close();
  },
  'undici-slow-name': async (path) => {
    const client = new Client(`http://localhost:${port}`, { connect: { lookup: slowLookup } });
    const asked = [1, 2].map(() => client.request({ path, method: 'GET' }));
    for (const { body } of await Promise.all(asked)) await body.text();
    await client.close();
  },
};
const onePlaceOnly = onePlace(false);

void (async () => {
  for (const [name, way] of Object.entries(ways)) {
    await way(`/${name}`);
    // Time for what a connection does at its end.
    await delay(5);
  }
  process.exit(0);
})();
