// Against a stand-in for Elasticsearch and OpenSearch, test/stand-ins/elasticsearch.ts, which OSProfiler's own driver
// is tried against as well.
// needs: osprofiler
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { promisify } from 'node:util';

import type { Driver } from '../src/drivers/driver.js';
import { Line } from '../src/drivers/line.js';
import type { Event } from '../src/trace/event.js';
import { newId } from '../src/trace/ids.js';
import { driverContract, foreignTexts } from './driver-contract.js';
import { open } from './fixtures/drivers.js';
import { at, base_id, eventsOf, shopTrace } from './fixtures/events.js';
import { linesOf } from './fixtures/lines.js';
import { openProxy } from './fixtures/proxy.js';
import { osprofiler, runPython } from './fixtures/osprofiler.js';
import { type SearchServer, type Version, openSearchServer } from './stand-ins/elasticsearch.js';

const events = 'osprofiler-notifications';
const errors = 'osprofiler-notifications-error';

interface Used {
  readonly server: SearchServer;
  readonly driver: Driver;
  readonly url: string;
}

async function use(
  t: TestContext,
  version: Version = { number: '7.17.9' },
  settings: Parameters<typeof open>[1] = {},
): Promise<Used> {
  const server = await openSearchServer(version);
  const url = `elasticsearch://127.0.0.1:${server.port}`;
  const driver = open(url, settings);
  t.after(async () => {
    await driver.close();
    await server.stop();
  });
  return { server, driver, url };
}

const point = (id: string, trace = base_id, start = 1): Event[] =>
  eventsOf({ name: 'p', id, trace, start, stop: start + 1 });

driverContract('elasticsearch', async (t) => use(t), {
  check: /^2 traces in the index osprofiler-notifications of elasticsearch 7\.17\.9$/,
  entries: async ({ server }, trace) =>
    [...server.indexes.get(events)!.values()].filter((source) => source['base_id'] === trace).length,
  // The stand-in makes JSON of what is nested; see below for what is nested too deep.
  foreign: foreignTexts.filter((text) => text.startsWith('{') && text.length < 1000),
  async plant({ server }, _trace, text) {
    server.indexes.get(events)!.set(text, JSON.parse(text) as Record<string, unknown>);
  },
  async unwanted({ server }) {
    const [busy] = linesOf(point('busy', newId()));
    server.refuse = (_index, source) =>
      source['trace_id'] === 'busy' ? { status: 429, type: 'busy', reason: '' } : undefined;
    return { refused: [new Line(base_id, '{"name":"p-st')], again: [busy!] };
  },
  server: {
    async through(t, { server }) {
      const proxy = await openProxy(t, '127.0.0.1', server.port);
      return { url: `elasticsearch://127.0.0.1:${proxy.port}`, proxy };
    },
    down: /^cannot connect to elasticsearch:.*: nothing listens there/,
    broken: /^the connection to elasticsearch:.* failed: /,
  },
});

test('events are read page by page, and no scroll is left', async (t) => {
  const { server, driver } = await use(t);
  const ids = Array.from({ length: 5250 }, (_, i) => `${i}`);
  for (let i = 0; i < ids.length; i += 500) {
    await driver.write(linesOf(ids.slice(i, i + 500).flatMap((id) => point(id, base_id, Number(id) * 10))));
  }
  assert.equal((await driver.read(base_id))?.events.length, 10_500);
  // The second page, and an empty one.
  assert.equal(server.received.filter(({ url }) => url === '/_search/scroll').length, 3);
  assert.equal(server.scrolls.size, 0);
});

test("OSProfiler's list of failures, a document for each of them, has each trace once", async (t) => {
  const { server, driver } = await use(t, undefined, { filterErrorTrace: true });
  const [one, two] = [newId(), newId()];
  for (const [trace, start] of [
    [two, 10],
    [one, 50],
  ] as const) {
    const stopInfo = { etype: 'E', message: '' };
    await driver.write(linesOf(eventsOf({ name: 'p', id: '1', trace, start, stop: start + 1, stopInfo })));
  }
  server.indexes.get(errors)!.set('x', { base_id: two, timestamp: at(4) });
  server.indexes.get(errors)!.set('y', { base_id: '../..', timestamp: 1 });
  assert.deepEqual(await driver.listErrors(), [
    { base_id: one, timestamp: at(51) },
    { base_id: two, timestamp: at(11) },
  ]);
});

interface Golden {
  readonly notify: readonly { readonly path: string; readonly body: string }[];
}
const goldenFile = join(__dirname, '../../test/golden/elasticsearch.json');
const golden = JSON.parse(readFileSync(goldenFile, 'utf8')) as Golden;
const goldenEvents = golden.notify.filter(({ path }) => path === `/${events}/notification`);
const goldenErrors = golden.notify.filter(({ path }) => path === `/${errors}/notification`);

const versions: readonly (Version & { typed: boolean })[] = [
  { number: '6.8.23', typed: true },
  { number: '7.17.9', typed: true },
  { number: '8.19.0', typed: false },
  { number: '9.2.0', typed: false },
  { number: '1.3.20', distribution: 'opensearch', typed: true },
  { number: '2.19.0', distribution: 'opensearch', typed: false },
  { number: '3.3.0', distribution: 'opensearch', typed: false },
];

for (const { typed, ...version } of versions) {
  const name = `${version.distribution ?? 'elasticsearch'} ${version.number}`;
  test(`${name}: documents and indexes are OSProfiler's, ${typed ? 'with' : 'without'} a type`, async (t) => {
    const { server, driver } = await use(t, version, { filterErrorTrace: true });
    await driver.write(goldenEvents.map(({ body }) => new Line(base_id, body)));
    const stored = (index: string): unknown[] => [...server.indexes.get(index)!.values()];
    assert.deepEqual(
      stored(events),
      goldenEvents.map(({ body }) => JSON.parse(body) as unknown),
    );
    // One for each trace, where OSProfiler stores one for each failure: the last of them.
    assert.deepEqual(stored(errors), [JSON.parse(goldenErrors.at(-1)!.body)]);
    assert.deepEqual([...server.types.values()], typed ? ['notification', 'notification'] : []);
    assert.match(
      await driver.check(),
      new RegExp(`^1 trace in the index ${events} of ${name.replaceAll('.', '\\.')}$`),
    );
    assert.equal(server.indexes.get(events)!.size, goldenEvents.length);
  });
}

test('events come back in their order, those of other traces do not, and no scroll is left', async (t) => {
  const { server, driver } = await use(t);
  const trace = shopTrace();
  const ordered = trace.toSorted((a, b) => (a.timestamp < b.timestamp ? -1 : 1));
  // Shares four of five groups of digits.
  const similar = `${base_id.slice(0, -1)}0`;
  // Is the same text.
  const upper = base_id.toUpperCase();
  const instant = eventsOf({ name: 'p', id: 'instant', start: 900_000, stop: 900_000 });
  const others = [...shopTrace(similar), ...shopTrace(upper)];
  await driver.write(linesOf([...others, ...instant.toReversed(), ...trace.toReversed()]));
  assert.deepEqual(await driver.read(base_id), { events: [...ordered, ...instant], skipped: 0 });
  const search = server.received.find(({ url }) => url.includes('_search?'))!;
  assert.deepEqual(JSON.parse(search.body.toString()), { query: { match_phrase: { base_id } } });
  assert.equal(await driver.read(newId()), undefined);
  assert.equal(server.scrolls.size, 0);
});

for (const mapping of ['text', 'keyword'] as const) {
  test(`the list has each trace once, newest first, with ids mapped as ${mapping}`, async (t) => {
    const { server, driver } = await use(t);
    server.mapping = mapping;
    assert.deepEqual(await driver.list(), []);
    const ids = Array.from({ length: 2500 }, newId);
    for (let i = 0; i < ids.length; i += 500) {
      const some = ids.slice(i, i + 500);
      await driver.write(linesOf(some.flatMap((id, n) => point('1', id, (i + n) * 7))));
    }
    const expected = ids.map((id, i) => ({ base_id: id, timestamp: at(i * 7) })).toReversed();
    assert.deepEqual(await driver.list(), expected);
    assert.equal((await driver.read(ids[7]!))?.events.length, 2);
  });
}

test('a document that is refused costs the others nothing, and one that may be stored later comes again', async (t) => {
  const { server, driver } = await use(t);
  const outcomes: Readonly<Record<string, [status: number, isLater: boolean]>> = {
    mapping: [400, false],
    readonly: [403, true],
    missing: [404, true],
    busy: [429, true],
    failed: [500, true],
  };
  server.refuse = (_index, source) => {
    const [status] = outcomes[String(source['trace_id'])] ?? [];
    return status === undefined ? undefined : { status, type: 'some_exception', reason: 'because\nof it' };
  };
  for (const [id, [, isLater]] of Object.entries(outcomes)) {
    const [before, line, after] = linesOf([point('1')[0]!, point(id)[0]!, point('2')[0]!]);
    await assert.rejects(async () => driver.write([before!, line!, after!]), {
      name: 'WriteError',
      refused: isLater ? 0 : 1,
      again: isLater ? [line] : [],
      message: /did not store 1 of 3 events: some_exception: because of it$/,
    });
  }
  const torn = new Line(base_id, '{"name":"p-st');
  await assert.rejects(async () => driver.write([torn, ...linesOf(point('3'))]), { refused: 1, again: [] });
  assert.equal(server.indexes.get(events)!.size, 4);
});

test('an event whose failure could not be listed comes again, and is stored once', async (t) => {
  const { server, driver } = await use(t, undefined, { filterErrorTrace: true });
  const lines = linesOf(
    eventsOf({ name: 'p', id: '1', start: 1, stop: 2, stopInfo: { etype: 'E', message: '' } }),
  );
  server.refuse = (index) => (index === errors ? { status: 429, type: 'busy', reason: '' } : undefined);
  await assert.rejects(async () => driver.write(lines), { refused: 0, again: [lines[1]] });
  server.refuse = () => undefined;
  await driver.write([lines[1]!]);
  assert.equal(server.indexes.get(events)!.size, 2);
  assert.equal((await driver.listErrors()).length, 1);
});

test('a request that is too large is halved, and a document that is too large alone is refused', async (t) => {
  const { server, driver } = await use(t);
  await driver.check();
  const tooLarge = { status: 413, body: '' };
  server.next(tooLarge, tooLarge, tooLarge);
  const lines = linesOf([...point('1'), ...point('2')]);
  await assert.rejects(async () => driver.write(lines), { name: 'WriteError', refused: 1, again: [] });
  assert.equal(server.indexes.get(events)!.size, 3);
});

test('a document that is nested too deep is skipped and counted, and the others are read', async (t) => {
  const { server, driver } = await use(t);
  const source = JSON.stringify(point('1')[0]!);
  const deep = source.replace(/"info":\{/, `$&"deep":${'['.repeat(20_000)}${']'.repeat(20_000)},`);
  const hits = `{"_scroll_id":"1","hits":{"hits":[{"_source":${deep}},{"_source":${source}}]}}`;
  server.next({ status: 200 }, { status: 200, body: hits }, { status: 200, body: '{}' });
  const stored = await driver.read(base_id);
  assert.deepEqual([stored?.events.length, stored?.skipped], [1, 1]);
});

test('a server that can be read only, that is another one, or that lost a shard says so', async (t) => {
  const { server, driver } = await use(t);
  const version = { status: 200, body: '{"version":{"number":"8.1.0"}}' };
  server.next(version, {
    status: 200,
    body: '{"items":[{"delete":{"status":403,"error":{"type":"blocked"}}}]}',
  });
  await assert.rejects(driver.check(), { message: /can be reached, but not written: blocked$/ });
  server.next({ status: 200, body: 'hello' });
  await assert.rejects(driver.check(), { message: /is no Elasticsearch or OpenSearch; check the port$/ });
  server.next({ status: 200 }, { status: 200, body: '{"_shards":{"total":5,"failed":2}}' });
  await assert.rejects(driver.read(base_id), { message: /could not read 2 of 5 shards; try again$/ });
});

test('who may write but not ask for the version writes without types', async (t) => {
  const { server, driver } = await use(t, { number: '8.1.0' });
  server.next({ status: 403 });
  await driver.write(linesOf(point('1')));
  assert.equal(server.indexes.get(events)!.size, 2);
});

test('OSProfiler shows what ostrace wrote, and ostrace what OSProfiler wrote: the same report', async (t) => {
  const { server, driver, url } = await use(t);
  const written = goldenEvents.map(({ body }) => new Line(base_id, body));
  await driver.write(written);
  const { stdout } = await promisify(execFile)(process.execPath, [
    join(__dirname, '../src/cli/main.js'),
    'trace',
    'show',
    '--json',
    '--no-findings',
    base_id,
    '--connection-string',
    url,
  ]);
  // OSProfiler sees what was written a second ago, or what has been read by ostrace.
  assert.deepEqual(
    JSON.parse(stdout),
    JSON.parse(await osprofiler('trace', 'show', '--json', base_id, '--connection-string', url)),
  );
  // Python's own writing gives the same documents.
  const documents = [...server.indexes.get(events)!.values()];
  server.indexes.clear();
  await notify(url);
  assert.deepEqual([...server.indexes.get(events)!.values()], documents);
  assert.equal((await driver.read(base_id))?.events.length, documents.length);
});

/** Has OSProfiler's own driver write the golden events. */
async function notify(url: string): Promise<void> {
  const code = `
import json, sys
from osprofiler import opts
from oslo_config import cfg
from osprofiler.drivers.elasticsearch_driver import ElasticsearchDriver
opts.set_defaults(cfg.CONF)
driver = ElasticsearchDriver(sys.argv[1], project="golden", service="peer", host="golden-host", conf=cfg.CONF)
for request in json.load(open(sys.argv[2]))["notify"]:
    if request["path"] == "/osprofiler-notifications/notification":
        driver.notify(json.loads(request["body"]))
`;
  await runPython(['-W', 'ignore', '-c', code, url, goldenFile]);
}
