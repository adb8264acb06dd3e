// Redis as a store: its keys are those of OSProfiler.
// needs: redis
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, test } from 'node:test';

import type { Driver, DriverSettings } from '../src/drivers/driver.js';
import { Line } from '../src/drivers/line.js';
import { stringifyReport } from '../src/report/json.js';
import { buildReport } from '../src/report/report.js';
import type { Event } from '../src/trace/event.js';
import { newId } from '../src/trace/ids.js';
import { driverContract } from './driver-contract.js';
import { open } from './fixtures/drivers.js';
import { eventsOf, shopTrace } from './fixtures/events.js';
import { linesOf } from './fixtures/lines.js';
import { openProxy } from './fixtures/proxy.js';
import { redisUrl } from './fixtures/redis-server.js';
import { projectFolder } from './scenario.js';
import { withRedis } from './services/redis.js';

interface GoldenKey {
  readonly 'lrange_0_-1'?: readonly string[];
  readonly get?: string;
}
interface Golden {
  readonly keys: Readonly<Record<string, GoldenKey>>;
  readonly trace_show_json: { readonly stdout: string };
  readonly legacy_keys: { readonly keys: Readonly<Record<string, GoldenKey>> };
}

const golden = (name: string): Golden =>
  JSON.parse(readFileSync(join(projectFolder, 'test/golden', name), 'utf8')) as Golden;

const drivers: Driver[] = [];
const traces: string[] = [];

function opened(url: string = redisUrl, settings: Partial<DriverSettings> = {}): Driver {
  const driver = open(url, settings);
  drivers.push(driver);
  return driver;
}

/** The id of a trace whose keys go with the test. */
function ownTrace(base_id: string = newId()): string {
  traces.push(base_id);
  return base_id;
}

afterEach(async () => {
  for (const driver of drivers.splice(0)) await driver.close();
  await withRedis(redisUrl, async (client) => {
    for (const base_id of traces.splice(0)) {
      const old = await client.keys(`osprofiler:${base_id}*`);
      await client.del([`osprofiler_opt:${base_id}`, `osprofiler_error:${base_id}`, ...old]);
    }
  });
});

const lists = (base_id: string): Promise<string[]> =>
  withRedis(redisUrl, (client) => client.lRange(`osprofiler_opt:${base_id}`, 0, -1));

driverContract('redis', () => ({ url: redisUrl }), {
  newTrace: ownTrace,
  isShared: true,
  order: 'newest first',
  check: /^\d+ traces in database \d+ of Redis at /,
  entries: async (_store, base_id) => (await lists(base_id)).length,
  plant: (_store, base_id, text) =>
    withRedis(redisUrl, async (client) => void (await client.lPush(`osprofiler_opt:${base_id}`, text))),
  async unwanted() {
    const bad = ownTrace();
    await withRedis(redisUrl, (client) => client.set(`osprofiler_opt:${bad}`, 'a string'));
    return { refused: [...linesOf(shopTrace(bad)), new Line('no id', '{}')] };
  },
  server: {
    async through(t) {
      const { hostname, port, pathname } = new URL(redisUrl);
      const proxy = await openProxy(t, hostname, Number(port || 6379));
      return { url: `redis://:@127.0.0.1:${proxy.port}${pathname}`, proxy };
    },
    down: /^Redis at 127\.0\.0\.1:\d+ cannot be reached: .*ECONNREFUSED/,
    broken: /^the connection to Redis at 127\.0\.0\.1:\d+ broke: /,
    silent: /cannot be reached: no answer$/,
  },
});

test("a key that holds something else is refused in Redis's words", async () => {
  const bad = ownTrace();
  await withRedis(redisUrl, (client) => client.set(`osprofiler_opt:${bad}`, 'a string'));
  await assert.rejects(async () => opened().write(linesOf(shopTrace(bad))), { message: /WRONGTYPE/ });
});

for (const name of ['redis.json', 'redis_error_filter.json']) {
  test(`${name}: the keys are OSProfiler's, and so is the report`, async () => {
    const { keys, trace_show_json } = golden(name);
    const [[listKey, { 'lrange_0_-1': texts }]] = Object.entries(keys).filter(([key]) =>
      key.includes('_opt:'),
    ) as [[string, { 'lrange_0_-1': string[] }]];
    const base_id = ownTrace(listKey.split(':')[1]);
    const driver = opened(redisUrl, { filterErrorTrace: name.includes('error') });
    await driver.write(texts.toReversed().map((text) => new Line(base_id, text)));
    await withRedis(redisUrl, async (client) => {
      for (const [key, { get, 'lrange_0_-1': list }] of Object.entries(keys)) {
        if (list === undefined) assert.equal(await client.get(key), get);
        else assert.deepEqual(await client.lRange(key, 0, -1), list);
        assert.equal(await client.ttl(key), -1);
      }
    });
    const stored = await driver.read(base_id);
    assert.equal([...stringifyReport(buildReport(stored!.events))].join(''), trace_show_json.stdout);
    const errors = await driver.listErrors();
    assert.equal(
      errors.some((error) => error.base_id === base_id),
      name.includes('error'),
    );
  });
}

test('what OSProfiler stored in its old layout is read and listed', async () => {
  const { keys } = golden('redis.json').legacy_keys;
  const events = Object.values(keys).map(({ get }) => JSON.parse(get!) as Event);
  const base_id = ownTrace(events[0]!.base_id);
  await withRedis(redisUrl, async (client) => {
    for (const [key, { get }] of Object.entries(keys)) await client.set(key, get!);
  });
  const driver = opened();
  const stored = await driver.read(base_id);
  assert.deepEqual(
    stored!.events.map(({ name }) => name).toSorted(),
    events.map(({ name }) => name).toSorted(),
  );
  assert.deepEqual(
    (await driver.list()).filter((trace) => trace.base_id === base_id),
    [{ base_id, timestamp: events[0]!.timestamp }],
  );
});

test('traces are listed by their first event, and what is no trace is left out', async (t) => {
  const [first, second, hostile] = [ownTrace(), ownTrace(), ownTrace()];
  const driver = opened();
  await driver.write(linesOf(eventsOf({ name: 'p', id: '1', trace: first, start: 1, stop: 9_000_000 })));
  await driver.write(
    linesOf(eventsOf({ name: 'p', id: '1', trace: second, start: 5_000_000, stop: 5_000_001 })),
  );
  await withRedis(redisUrl, async (client) => {
    await client.lPush(`osprofiler_opt:${hostile}`, ['{', 'null', '[]']);
    await client.set('osprofiler_opt:no list', '1');
    await client.set('osprofiler_error:no entry', 'null');
    await client.lPush(`osprofiler:${hostile}`, 'a list');
  });
  t.after(() =>
    withRedis(redisUrl, (client) => client.del(['osprofiler_opt:no list', 'osprofiler_error:no entry'])),
  );
  const own = (await driver.list()).filter(({ base_id }) => [first, second, hostile].includes(base_id));
  assert.deepEqual(
    own.map(({ base_id }) => base_id),
    [second, first],
  );
  assert.deepEqual(
    await driver.find!(second.slice(0, 18)),
    own.filter(({ base_id }) => base_id === second),
  );
  assert.deepEqual(await driver.find!(hostile.slice(0, 18)), []);
  assert.deepEqual(await driver.read(hostile), { events: [], skipped: 3 });
  assert.equal(await driver.read(newId()), undefined);
  assert.equal(await driver.read('*'), undefined);
  await driver.listErrors();
});

test('keys are forgotten after the time to keep traces, counted from their last event', async () => {
  const base_id = ownTrace();
  const lines = linesOf(
    eventsOf({ name: 'p', id: '1', trace: base_id, start: 1, stop: 2, stopInfo: { etype: 'Error' } }),
  );
  await opened(redisUrl, { keepFor: 3600, filterErrorTrace: true }).write(lines);
  await withRedis(redisUrl, async (client) => {
    for (const key of [`osprofiler_opt:${base_id}`, `osprofiler_error:${base_id}`]) {
      const left = await client.ttl(key);
      assert.ok(left > 0 && left <= 3600, `${key}: ${left}`);
    }
  });
});

test('a name and a password that are empty are none', async () => {
  await opened(`${redisUrl}?username=&password=`).check();
});

for (const [what, url, message] of [
  ['no host and port', 'redis://host:port/', /"host:port" is not host:port/],
  ['a slash in its password', 'redis://user:secret/x@host/', /write %2F or %3F for it$/],
  ['a question mark in its password', 'redis://user:secret?x@host/', /write %2F or %3F for it$/],
  ['a database that is no number', 'redis://:secret@127.0.0.1/name', /its database is not a number/],
  ['several hosts', 'redis://a,b/', /redis:\/\/ takes one host/],
  ['a broken escape', 'redis://:secret%@127.0.0.1/', /write %25/],
  [
    'a certificate that is not there',
    'rediss://127.0.0.1/?ssl_ca_certs=nowhere.pem',
    /ssl_ca_certs in the connection string names a file that cannot be read/,
  ],
] as const) {
  test(`a connection string with ${what} is an error without the password`, () => {
    assert.throws(() => open(url), { name: 'DriverError', message });
    assert.throws(
      () => open(url),
      (error: Error) => !error.message.includes('secret'),
    );
  });
}
