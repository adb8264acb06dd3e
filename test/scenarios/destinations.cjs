// Asks for each row of a table by each client, to whomever the row says; prints nothing.
const http = require('node:http');
const http2 = require('node:http2');
const https = require('node:https');
const net = require('node:net');
const tls = require('node:tls');
const undici = require('undici');

const { rows, ports } = JSON.parse(process.argv[2]);

const sent = (request) =>
  new Promise((resolve) => {
    request.resume?.();
    request.on('response', (response) => response.resume?.());
    request.on('connect', (_response, socket) => socket.destroy());
    request.on('error', resolve).on('close', resolve).end();
  });

/** A socket to where a row says, for the host that it says. */
function open({ host, peer, isTls, unchecked }, port) {
  const socket = net.connect(port, peer);
  socket.on('error', () => {});
  const options = { socket, host, servername: net.isIP(host) ? '' : host };
  // Any certificate will do.
  if (unchecked === 'not rejected') Object.assign(options, { rejectUnauthorized: false, ca: [] });
  if (unchecked === 'by the application') options.checkServerIdentity = () => undefined;
  return isTls ? tls.connect({ ...options, ALPNProtocols: isTls === 'h2' ? ['h2'] : [] }) : socket;
}

const clients = {
  async http(row, url, path, headers) {
    const { request } = row.isTls ? https : http;
    const port = row.isTls ? ports.https : ports.http;
    const createConnection = row.peer && (() => open(row, port));
    const request_ = request(url, { path, headers, method: row.method, createConnection });
    await sent(request_);
  },
  async 'http, an agent'(row, url, path, headers) {
    const { request, Agent } = row.isTls ? https : http;
    const port = row.isTls ? ports.https : ports.http;
    const agent = new Agent({ keepAlive: true });
    if (row.peer) agent.createConnection = () => open(row, port);
    const list = [['Host', row.authority ?? new URL(url).host], ...Object.entries(headers)].flat();
    await sent(request(url, { path, headers: list, method: row.method, agent }));
    agent.destroy();
  },
  async 'http, a socket that comes later'(row, url, path, headers) {
    const { request } = row.isTls ? https : http;
    const port = row.isTls ? ports.https : ports.http;
    const createConnection = (_options, done) => {
      const socket = open({ ...row, peer: row.peer ?? row.host }, port);
      socket.once(row.isTls ? 'secureConnect' : 'connect', () => done(null, socket));
    };
    await sent(request(url, { path, headers, method: row.method, createConnection }));
  },
  async http2(row, url, path, headers) {
    if (path !== '/' || row.method) return;
    const port = row.isTls ? ports.http2s : ports.http2;
    const options = row.peer && { createConnection: () => open({ ...row, isTls: row.isTls && 'h2' }, port) };
    const session = http2.connect(url, options);
    session.on('error', () => {});
    await sent(session.request({ ':path': path, ...headers }));
    session.close();
  },
  async undici(row, url, path, headers) {
    const port = row.isTls ? ports.https : ports.http;
    const connect =
      row.peer &&
      ((_options, done) => {
        const socket = open(row, port);
        socket.once(row.isTls ? 'secureConnect' : 'connect', () => done(null, socket));
      });
    const client = new undici.Client(url, { connect });
    if (row.method) (await client.connect({ path: 'localhost:1' }).catch(() => {}))?.socket.destroy();
    else await (await client.request({ path, method: 'GET', headers })).body.dump();
    await client.destroy();
  },
  async fetch(row, url, path, headers) {
    // It names its host itself.
    if (path !== '/' || row.method || row.authority) return;
    const port = row.isTls ? ports.https : ports.http;
    const connect =
      row.peer &&
      ((_options, done) => {
        const socket = open(row, port);
        socket.once(row.isTls ? 'secureConnect' : 'connect', () => done(null, socket));
      });
    const dispatcher = new undici.Agent({ connect });
    await (await undici.fetch(url, { dispatcher, headers })).text();
    await dispatcher.destroy();
  },
};

async function main() {
  for (const [i, row] of rows.entries()) {
    for (const [client, ask] of Object.entries(clients)) {
      const port =
        client === 'http2' ? ports[row.isTls ? 'http2s' : 'http2'] : ports[row.isTls ? 'https' : 'http'];
      const url = `${row.isTls ? 'https' : 'http'}://${row.host}:${port}/`;
      const mark = { 'x-row': String(i), 'x-client': client };
      const path = row.absolute ? `http://${row.absolute}/` : (row.method && 'localhost:1') || '/';
      await ask(row, url, path, { ...mark, ...(row.authority && { host: row.authority }) });
    }
  }
  process.exit();
}

main();
