// Against a real InfluxDB 1.x of the test's own; what versions 2 and 3 answer is a stand-in's.
// needs: influxdb
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';

import type { Driver } from '../src/drivers/driver.js';
import { Line } from '../src/drivers/line.js';
import { newId } from '../src/trace/ids.js';
import { driverContract } from './driver-contract.js';
import { open } from './fixtures/drivers.js';
import { at, base_id, eventsOf, shopTrace } from './fixtures/events.js';
import { linesOf } from './fixtures/lines.js';
import { openProxy } from './fixtures/proxy.js';
import { type InfluxdbServer, startInfluxdb } from './services/influxdb.js';
import { openReceiver } from './stand-ins/receiver.js';

let server: InfluxdbServer;
let driver: Driver;
let database = '';
let databases = 0;

before(async () => {
  // Small limits, so that they are met soon.
  server = await startInfluxdb({ data: 'max-values-per-tag = 3000', http: 'max-row-limit = 10000' });
});
after(() => server.stop());

beforeEach(async (t) => {
  database = `traces ${++databases}`;
  await query(`CREATE DATABASE "${database}"`);
  driver = open(url());
  (t as { after(end: () => unknown): void }).after(() => driver.close());
});

const url = (): string => `influxdb://127.0.0.1:${server.port}/${encodeURIComponent(database)}`;
const point = (id: string, trace = base_id, start = 1): Line[] =>
  linesOf(eventsOf({ name: 'p', id, trace, start, stop: start + 1 }));

async function query(q: string, db = ''): Promise<unknown> {
  const answer = await fetch(
    `http://127.0.0.1:${server.port}/query?${String(new URLSearchParams({ q, db }))}`,
    {
      method: 'POST',
    },
  );
  return answer.json();
}

/** Writes points of anybody's. */
async function send(body: string): Promise<void> {
  const path = `http://127.0.0.1:${server.port}/write?db=${encodeURIComponent(database)}`;
  assert.equal((await fetch(path, { method: 'POST', body })).status, 204);
}

// The database is made before each test.
driverContract('influxdb', () => ({ url: url() }), {
  check: /^2 traces in the database traces \d+ at influxdb:\/\/127\.0\.0\.1:\d+$/,
  async entries(_store, trace) {
    const counted = await query(`SELECT COUNT("data") FROM "events" WHERE "base_id" = '${trace}'`, database);
    return Number(/,(\d+)\]/.exec(JSON.stringify(counted))?.[1]);
  },
  plant: (_store, trace, text) => send(`events,base_id=${trace} data="${text.replace(/["\\]/g, '\\$&')}"`),
  async unwanted() {
    const info = '"info":{"timestamp":"2026-01-02T03:04:05.000001"}';
    return {
      refused: [new Line(base_id, `{"name":"p-start",${info}}`), new Line('../..', point('x')[0]!.text)],
    };
  },
  server: {
    async through(t) {
      const proxy = await openProxy(t, '127.0.0.1', server.port);
      return { url: url().replace(/:\d+/, `:${proxy.port}`), proxy };
    },
    down: /^cannot connect to influxdb:.*: nothing listens there/,
    broken: /^the connection to influxdb:.* failed: /,
  },
});

test('events are read in the order of their times, whatever order they were written in', async () => {
  const trace = shopTrace();
  await driver.write(linesOf(trace.toReversed()));
  const ordered = trace.toSorted((a, b) => (a.timestamp < b.timestamp ? -1 : 1));
  assert.deepEqual(await driver.read(base_id), { events: ordered, skipped: 0 });
});

test('an event that another host has stored too is read once', async () => {
  const lines = linesOf(shopTrace());
  await driver.write(lines);
  const other = open(url(), { host: 'another host, with=signs', service: '' });
  await other.write(lines);
  assert.equal((await other.read(base_id))?.events.length, lines.length);
  await other.close();
});

test('points without an event, or without a trace, are none of a trace', async () => {
  await driver.write(point('1'));
  await send(`events,base_id=${base_id} other=1 2\nevents,base_id=x data="{}" 3`);
  assert.equal((await driver.read(base_id))?.events.length, 2);
  assert.deepEqual(await driver.list(), [{ base_id, timestamp: at(1) }]);
});

test('events of the same microsecond do not overwrite each other', async () => {
  const ids = Array.from({ length: 400 }, (_, i) => `${i}`);
  await driver.write(linesOf(ids.map((id) => eventsOf({ name: 'p', id, start: 1 })[0]!)));
  const stored = await driver.read(base_id);
  assert.deepEqual(stored?.events.map(({ trace_id }) => trace_id).toSorted(), ids.toSorted());
});

test('what the server drops is counted, and the rest is stored', async () => {
  const traces = (count: number): Line[] => Array.from({ length: count }, () => point('1', newId())[0]!);
  // The limit is looked at before each request.
  await driver.write(traces(3000));
  const known = (await driver.list())[0]!.base_id;
  const written = driver.write([...traces(7), ...point('2', known)]);
  await assert.rejects(async () => written, {
    name: 'WriteError',
    refused: 7,
    again: [],
    message: /refuses a part: HTTP 400: partial write: max-values-per-tag limit exceeded/,
  });
  assert.equal((await driver.list()).length, 3000);
  assert.equal((await driver.read(known))?.events.length, 3);
});

test("points that belong to the server's past are refused", async () => {
  await query(`CREATE RETENTION POLICY "day" ON "${database}" DURATION 1d REPLICATION 1`);
  const short = open(`${url()}?rp=day`);
  await assert.rejects(async () => short.write(point('1')), { name: 'WriteError', refused: 2, again: [] });
  const now = linesOf(
    eventsOf({ name: 'p', id: '2', stop: 1 }).map((event) => ({
      ...event,
      timestamp: new Date().toISOString().replace('Z', '001'),
    })),
  );
  await short.write(now);
  assert.equal((await short.read(base_id))?.events.length, 1);
  assert.equal(await driver.read(base_id), undefined);
  await short.close();
});

test('a database that is not there is missed, and used when somebody has made it', async () => {
  database = 'not yet';
  const early = open(url());
  const missing = { name: 'HttpError', isCertain: true, message: /HTTP 404.*database not found/ };
  await assert.rejects(async () => early.write(point('1')), missing);
  await assert.rejects(early.check(), missing);
  await assert.rejects(early.read(base_id), {
    name: 'DriverError',
    message: /cannot be read: database not found/,
  });
  await query('CREATE DATABASE "not yet"');
  await early.write(point('1'));
  assert.match(await early.check(), /^1 trace in the database not yet at influxdb:\/\/127\.0\.0\.1:\d+$/);
  await early.close();
});

test('a check leaves nothing in the store', async () => {
  assert.match(await driver.check(), /^0 traces in the database/);
  assert.deepEqual(await query('SHOW MEASUREMENTS', database), { results: [{ statement_id: 0 }] });
});

test('a problem that is no text is an error as any other, however deep it is nested', async (t) => {
  const receiver = await openReceiver(() => ({
    status: 200,
    body: `{"error":${'['.repeat(20_000)}${']'.repeat(20_000)}}`,
  }));
  t.after(() => receiver.stop());
  const other = open(`influxdb://127.0.0.1:${receiver.port}/db`);
  await assert.rejects(other.read(base_id), {
    name: 'DriverError',
    message: /cannot be read: it gives no reason$/,
  });
  await other.close();
});

test('a user and a password let in, and others do not', async () => {
  const strict = await startInfluxdb({ http: 'auth-enabled = true' });
  try {
    const ask = async (q: string, user?: string): Promise<unknown> => {
      const headers =
        user === undefined ? {} : { authorization: `Basic ${Buffer.from(user).toString('base64')}` };
      const path = `http://127.0.0.1:${strict.port}/query?${String(new URLSearchParams({ q }))}`;
      return (await fetch(path, { method: 'POST', headers })).json();
    };
    await ask(`CREATE USER "me" WITH PASSWORD 'p@%ss' WITH ALL PRIVILEGES`);
    await ask('CREATE DATABASE "traces"', 'me:p@%ss');
    const good = open(`influxdb://me:p%40%25ss@127.0.0.1:${strict.port}/traces`);
    await good.write(point('1'));
    assert.equal((await good.list()).length, 1);
    await good.close();
    for (const user of ['', 'me:s3cret@']) {
      const bad = open(`influxdb://${user}127.0.0.1:${strict.port}/traces`);
      const failed = {
        name: 'HttpError',
        isCertain: true,
        message: /^(?!.*s3cret).*check the user and the password/,
      };
      await assert.rejects(async () => bad.write(point('1')), failed);
      await assert.rejects(bad.list(), failed);
      await bad.close();
    }
  } finally {
    await strict.stop();
  }
});

test("a token is sent as versions 2 and 3 want it, and version 3's refusals are counted", async (t) => {
  const receiver = await openReceiver(() => ({ status: 204 }));
  t.after(() => receiver.stop());
  for (const form of [
    `influxdb://:t%2Fken@127.0.0.1:${receiver.port}/db`,
    `influxdb://127.0.0.1:${receiver.port}/db?token=t%2Fken`,
  ]) {
    const other = open(form);
    await other.write(point('1'));
    assert.equal(receiver.received.at(-1)!.headers.authorization, 'Token t/ken');
    assert.equal(receiver.received.at(-1)!.url, '/write?db=db&precision=ns');
    const error = 'partial write of line protocol occurred';
    receiver.next({ status: 400, body: JSON.stringify({ error, data: [{ line_number: 2 }] }) });
    await assert.rejects(async () => other.write(point('1')), {
      refused: 1,
      message: /: partial write of line/,
    });
    await other.close();
  }
});
