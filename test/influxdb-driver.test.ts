// Against a real InfluxDB 1.x of the test's own; what versions 2 and 3 answer is a stand-in's.
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';

import type { Driver } from '../src/drivers/driver.js';
import { Line } from '../src/drivers/line.js';
import { newId } from '../src/trace/ids.js';
import { open } from './fixtures/drivers.js';
import { at, base_id, eventsOf, shopTrace } from './fixtures/events.js';
import { linesOf } from './fixtures/lines.js';
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

test('events come back as they were written, in the order of their times', async () => {
  const trace = shopTrace();
  const texts = ['"quoted" and \\ and \\\\" and \\n', 'żółć\n\u2028😀', "it's a=b, c d", '\\'];
  const odd = eventsOf({ name: 'p', id: 'odd', start: 500_000, startInfo: { texts }, stop: 500_001 });
  await driver.write(linesOf([...odd, ...trace.toReversed()]));
  const ordered = [...trace, ...odd].toSorted((a, b) => (a.timestamp < b.timestamp ? -1 : 1));
  assert.deepEqual(await driver.read(base_id), { events: ordered, skipped: 0 });
  assert.equal(await driver.read(newId()), undefined);
  assert.equal(await driver.read("' OR 1=1"), undefined);
});

test('events of the same microsecond do not overwrite each other', async () => {
  const ids = Array.from({ length: 400 }, (_, i) => `${i}`);
  await driver.write(linesOf(ids.map((id) => eventsOf({ name: 'p', id, start: 1 })[0]!)));
  const stored = await driver.read(base_id);
  assert.deepEqual(stored?.events.map(({ trace_id }) => trace_id).toSorted(), ids.toSorted());
});

test('a batch that comes again is stored once, and read once from another host as well', async () => {
  const lines = linesOf(shopTrace());
  await driver.write(lines);
  await driver.write(lines, { isRepeated: true });
  const count = JSON.stringify(await query('SELECT COUNT("data") FROM "events"', database));
  assert.match(count, new RegExp(`,${lines.length}\\]`));
  const other = open(url(), { host: 'another host, with=signs', service: '' });
  await other.write(lines);
  assert.equal((await other.read(base_id))?.events.length, lines.length);
  await other.close();
});

test('a trace of 25,000 events is read whole', async () => {
  for (let i = 0; i < 25; i++) {
    await driver.write(
      Array.from({ length: 500 }, (_, n) => point(`${i}/${n}`, base_id, i * 1000 + 2 * n)).flat(),
    );
  }
  const stored = await driver.read(base_id);
  assert.deepEqual([stored?.events.length, stored?.skipped], [25_000, 0]);
  assert.equal(stored?.events.at(-1)!.trace_id, '24/499');
});

test('the list has each trace once, newest first, and failed ones where they were asked for', async () => {
  assert.deepEqual(await driver.list(), []);
  assert.deepEqual(await driver.listErrors(), []);
  const ids = Array.from({ length: 200 }, newId);
  await driver.write(ids.flatMap((id, i) => point('1', id, i * 7)));
  const expected = ids.map((id, i) => ({ base_id: id, timestamp: at(i * 7) })).toReversed();
  assert.deepEqual(await driver.list(), expected);
  assert.deepEqual(await driver.listErrors(), []);
  const filtering = open(url(), { filterErrorTrace: true });
  const failing = (trace: string, start: number): Line[] =>
    linesOf(
      eventsOf({
        name: 'p',
        id: `${start}`,
        trace,
        start,
        stop: start + 1,
        stopInfo: { etype: 'E', message: '' },
      }),
    );
  const quiet = eventsOf({
    name: 'p',
    id: 'q',
    trace: ids[4]!,
    start: 1,
    startInfo: { etype: null, '"etype":': 1 },
  });
  await filtering.write([
    ...failing(ids[1]!, 5000),
    ...failing(ids[2]!, 10),
    ...failing(ids[2]!, 90),
    ...linesOf(quiet),
  ]);
  assert.deepEqual(await filtering.listErrors(), [
    { base_id: ids[1], timestamp: at(5001) },
    { base_id: ids[2], timestamp: at(91) },
  ]);
  await filtering.close();
});

test('lines without a trace or a time are refused, and those beside them are stored', async () => {
  const timeless = new Line(base_id, '{"name":"p-start","info":{"timestamp":"2026-01-02T03:04:05.000001"}}');
  const traceless = new Line('../..', point('x')[0]!.text);
  const written = driver.write([timeless, ...point('1'), traceless]);
  await assert.rejects(async () => written, { name: 'WriteError', refused: 2, again: [] });
  assert.equal((await driver.read(base_id))?.events.length, 2);
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

test('foreign points of the same measurement are skipped and counted', async () => {
  await driver.write(point('1'));
  const body = `events,base_id=${base_id} data="no event" 1\nevents,base_id=${base_id} other=1 2\nevents,base_id=x data="{}" 3`;
  const path = `http://127.0.0.1:${server.port}/write?db=${encodeURIComponent(database)}`;
  assert.equal((await fetch(path, { method: 'POST', body })).status, 204);
  const stored = await driver.read(base_id);
  assert.deepEqual([stored?.events.length, stored?.skipped], [2, 1]);
  assert.equal((await driver.list()).length <= 1, true);
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
