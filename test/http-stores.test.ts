// What all stores have in common that are spoken to over HTTP: what happens where the server does not answer.
// needs: agent
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, type Socket, createServer } from 'node:net';
import { mock, test } from 'node:test';

import { makeCertificate } from './fixtures/certificate.js';
import { open } from './fixtures/drivers.js';
import { base_id, eventsOf } from './fixtures/events.js';
import { linesOf } from './fixtures/lines.js';
import { key as hmac_key, on, run, scratch } from './scenario.js';
import { openReceiver } from './stand-ins/receiver.js';

const lines = linesOf(eventsOf({ name: 'p', id: '1', start: 1, stop: 2 }));

const ok = {
  status: 200,
  body: '{"version":{"number":"8.1.0"},"items":[{"create":{"status":201}},{"create":{"status":201}}]}',
};
const stores: Readonly<Record<string, string>> = {
  otlp: '',
  zipkin: '',
  elasticsearch: '',
  opensearch: '',
  influxdb: '/traces',
};

async function unusedPort(): Promise<number> {
  const receiver = await openReceiver(() => ok);
  await receiver.stop();
  return receiver.port;
}

for (const [scheme, path] of Object.entries(stores)) {
  test(`${scheme}: where nothing listens, nothing was stored; the password is not told; later it is written`, async (t) => {
    const port = await unusedPort();
    const driver = open(`${scheme}://me:s3cret@127.0.0.1:${port}${path}`);
    t.after(() => driver.close());
    const message = `cannot connect to ${scheme}://127.0.0.1:${port}: nothing listens there; check the host and the port, and that the server runs`;
    await assert.rejects(async () => driver.write(lines), { name: 'DriverError', isCertain: true, message });
    const receiver = await openReceiver(() => ok, port);
    t.after(() => receiver.stop());
    await driver.write(lines);
    assert.ok(receiver.received.length > 0);
  });

  test(`${scheme}: a server that hangs up leaves open what was stored, and the next batch connects again`, async (t) => {
    const receiver = await openReceiver(() => ok);
    t.after(() => receiver.stop());
    const driver = open(`${scheme}://127.0.0.1:${receiver.port}${path}`);
    t.after(() => driver.close());
    await driver.write(lines);
    receiver.next('hang up');
    const failed = { name: 'DriverError', isCertain: false, message: /the server closed it|socket hang up/ };
    await assert.rejects(async () => driver.write(lines), failed);
    await driver.write(lines);
    assert.equal(receiver.connections(), 2);
  });

  test(`${scheme}: a server that never answers is given up after 25 seconds, or when the driver is closed`, async (t) => {
    const receiver = await openReceiver(() => ok);
    t.after(() => receiver.stop());
    const driver = open(`${scheme}://127.0.0.1:${receiver.port}${path}`);
    const hang = async (message: RegExp): Promise<{ failed: Promise<void> }> => {
      const count = receiver.received.length;
      receiver.next('never answer');
      const failed = assert.rejects(async () => driver.write(lines), { isCertain: false, message });
      while (receiver.received.length === count) await new Promise(setImmediate);
      return { failed };
    };
    mock.timers.enable({ apis: ['setTimeout'] });
    t.after(() => mock.timers.reset());
    // On a new connection first: the time for connecting is over.
    for (let i = 0; i < 2; i++) {
      const { failed } = await hang(/ failed: no answer within 25 s$/);
      mock.timers.tick(24_999);
      await new Promise(setImmediate);
      mock.timers.tick(1);
      await failed;
      await driver.write(lines);
    }
    const { failed } = await hang(/ failed: /);
    await driver.close();
    await failed;
  });
}

test('a server that accepts and does not begin TLS is given up after 5 seconds, and nothing was stored', async (t) => {
  const sockets: Socket[] = [];
  const server = createServer((socket) => sockets.push(socket)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  for (const scheme of ['otlps', 'zipkins', 'elasticsearch+https', 'opensearch+https', 'influxdb+https']) {
    const driver = open(`${scheme}://127.0.0.1:${port}/x`);
    mock.timers.enable({ apis: ['setTimeout'] });
    t.after(() => mock.timers.reset());
    const message = `cannot connect to ${scheme}://127.0.0.1:${port}: no connection within 5 s`;
    const failed = assert.rejects(async () => driver.write(lines), { isCertain: true, message });
    const count = sockets.length;
    while (sockets.length === count) await new Promise(setImmediate);
    mock.timers.tick(5000);
    await failed;
    mock.timers.reset();
    await driver.close();
  }
});

test('TLS: a certificate is verified, by an authority that Node can be told of', async (t) => {
  const { cert, key } = makeCertificate(scratch(t));
  const receiver = await openReceiver(() => ok, 0, { cert: readFileSync(cert), key: readFileSync(key) });
  t.after(() => receiver.stop());
  const address = `otlps://127.0.0.1:${receiver.port}`;
  // Newer Nodes add what can be done about it.
  const message = new RegExp(`^cannot connect to ${address}: self-signed certificate(?:;|$)`);
  const driver = open(address);
  t.after(() => driver.close());
  await assert.rejects(async () => driver.write(lines), { isCertain: true, message });
  assert.equal(receiver.received.length, 0);
  const env = {
    ...on,
    OSTRACE_PROFILE: hmac_key,
    OSTRACE_CONNECTION_STRING: address,
    NODE_EXTRA_CA_CERTS: cert,
    // A `gc` point, which comes while the process runs, would be sent in a request of its own.
    OSTRACE_TRACE_GC: 'false',
  };
  const { stderr } = await run(t, '-e', { args: [''], env });
  assert.equal(stderr, '');
  assert.equal(receiver.received.length, 1);
});

test('what speaks no HTTP, or TLS where none is expected, is one sentence', async (t) => {
  const server = createServer((socket) => socket.end('220 smtp.example.org\r\n')).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  await assert.rejects(async () => open(`otlp://127.0.0.1:${port}`).write(lines), {
    message: `the connection to otlp://127.0.0.1:${port} failed: what answers there does not speak HTTP/1; check the scheme and the port`,
  });
  await assert.rejects(async () => open(`otlps://127.0.0.1:${port}`).write(lines), {
    message: `cannot connect to otlps://127.0.0.1:${port}: the server does not speak TLS there; check the scheme and the port`,
  });
});

test('a connection string that is wrong says what is expected, and not what it holds', () => {
  const wrong: [given: string, message: RegExp][] = [
    ['otlp:', /^the connection string has no valid address; expected otlp:\/\/host:port$/],
    ['otlp://me:s3cret@host:99999', /^the connection string has no valid address/],
    ['otlp:///s3cret', /^the connection string has no valid address/],
    [
      'zipkin://host?s3cret=1&x=s3cret',
      /^zipkin:\/\/ has no parameter "s3cret"; expected one of header.NAME$/,
    ],
    ['influxdb://host', /^influxdb:\/\/host names no database; expected influxdb:\/\/host:8086\/database$/],
  ];
  for (const [given, message] of wrong) assert.throws(() => open(given), { name: 'DriverError', message });
});

test('a port that is usual on the web is kept', async () => {
  const driver = open('otlp://127.0.0.1:80');
  await assert.rejects(async () => driver.write(lines), { message: /otlp:\/\/127\.0\.0\.1:80: / });
});

test('whatever is answered to a question, reading gives nothing or one sentence', async (t) => {
  const answers = [
    '',
    'null',
    '[]',
    '{}',
    '"text"',
    '{"results":{}}',
    '{"results":[null]}',
    '{"results":[{"series":[{"values":[null]}]}]}',
    '{"error":{"a":1}}',
    '{"hits":null,"_scroll_id":"1"}',
    '{"hits":{"hits":[null,1,{"_source":null},{"_source":[]}]},"_scroll_id":7}',
    '{"aggregations":{"traces":{"buckets":[null,{},{"key":{"base_id":1}},{"key":{},"first":{"hits":{"hits":{}}}}]}}}',
    '{"_shards":null,"hits":{"hits":[{"_source":{"base_id":"x","timestamp":{}}}],"total":{"value":"x"}}}',
  ];
  for (const body of answers) {
    const receiver = await openReceiver(() => ({ status: 200, body }));
    t.after(() => receiver.stop());
    for (const path of ['elasticsearch', 'influxdb'].map(
      (scheme) => `${scheme}://127.0.0.1:${receiver.port}/x`,
    )) {
      const driver = open(path);
      for (const ask of [() => driver.list(), () => driver.listErrors(), () => driver.read(base_id)]) {
        try {
          const given = await ask();
          assert.deepEqual(given ?? [], [], `${path} ${body}`);
        } catch (error) {
          assert.equal((error as Error).name, 'DriverError', `${path} ${body}: ${String(error)}`);
          assert.doesNotMatch((error as Error).message, /\n/);
        }
      }
      await driver.close();
    }
  }
});
