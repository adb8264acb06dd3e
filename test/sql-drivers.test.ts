// PostgreSQL and MySQL: the same questions, each to both.
// needs: postgresql mariadb
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';

import { type Driver, DriverError, type DriverSettings } from '../src/drivers/driver.js';
import { Line } from '../src/drivers/line.js';
import { buildReport } from '../src/report/report.js';
import type { Event } from '../src/trace/event.js';
import { newId } from '../src/trace/ids.js';
import { driverContract, failureOf } from './driver-contract.js';
import { mysql, postgresql } from './fixtures/databases.js';
import { open } from './fixtures/drivers.js';
import { eventsOf, shopTrace } from './fixtures/events.js';
import { linesOf } from './fixtures/lines.js';
import { projectFolder } from './scenario.js';

interface GoldenRow {
  readonly [column: string]: unknown;
  readonly data: string;
}
interface Golden {
  readonly databases: Readonly<
    Record<
      string,
      { columns: unknown[][]; indexes: string[]; ddl: string; rows: GoldenRow[]; report: unknown }
    >
  >;
}
const golden = JSON.parse(readFileSync(join(projectFolder, 'test/golden/sqlalchemy.json'), 'utf8')) as Golden;

function opened(t: TestContext, url: string, settings: Partial<DriverSettings> = {}): Driver {
  const driver = open(url, settings);
  t.after(() => driver.close());
  return driver;
}

/** The notification that OSProfiler's driver made a row of. */
function notificationOf({ id: _id, host: _host, data_json_type: _type, data, ...rest }: GoldenRow): Event {
  return { ...rest, ...(JSON.parse(JSON.parse(data) as string) as object) } as unknown as Event;
}

const deep = `${'['.repeat(20_000)}${']'.repeat(20_000)}`;
const selectAll = 'select * from data order by id';
const plain = (row: Record<string, unknown>): Record<string, unknown> => ({
  ...row,
  data: JSON.parse(
    typeof row['data'] === 'string' && row['data'].startsWith('"')
      ? (JSON.parse(row['data']) as string)
      : (row['data'] as string),
  ) as unknown,
});

for (const engine of [postgresql, mysql]) {
  const vectors = golden.databases[engine.name]!;

  driverContract(engine.name, (t) => engine.create(t), {
    lists: 'traces',
    check: /^2 traces in (PostgreSQL|MySQL) at /,
    entries: async ({ query }, base_id) =>
      (await query(`select id from data where base_id = '${base_id}'`)).length,
    // A row's columns are an event; what may be anything is its `data`.
    foreign: ['null', '7', '"torn {"', '"[]"', JSON.stringify(`{"info":{"deep":${deep}}}`)],
    async plant({ query }, base_id, text) {
      // MySQL reads escapes in its literals.
      const literal = engine === mysql ? text.replaceAll('\\', '\\\\') : text;
      await query(
        `insert into data (base_id, trace_id, parent_id, name, timestamp, data)
         values ('${base_id}', '1', '2', 'x-start', '2026-01-03T00:00:00.0', '${literal}')`,
      );
    },
    async unwanted() {
      const trace = newId();
      const text = 'x'.repeat(20 * 2 ** 20);
      return {
        refused: [
          ...linesOf(eventsOf({ name: 'n'.repeat(300), id: '1', trace, start: 1 })),
          ...linesOf(eventsOf({ name: 'p', id: '2', trace, start: 1, startInfo: { text } })),
          new Line(trace, 'torn'),
        ],
      };
    },
    server: {
      through: (_t, database) => database.through(),
      down: / at 127\.0\.0\.1:\d+\/\w+ cannot be used: .*ECONNREFUSED/,
      broken: /^the connection to .* broke: /,
      silent: /cannot be used: /,
    },
  });

  // A look at all ids between the two would take hours.
  test(
    `${engine.name}: a page does not look for traces where rows were deleted`,
    { timeout: 60_000 },
    async (t) => {
      const database = await engine.create(t);
      const driver = opened(t, database.url);
      const [older, newer] = [newId(), newId()];
      for (const [index, trace] of [older, newer].entries()) {
        await driver.write(linesOf(eventsOf({ name: 'p', id: '2', trace, start: index })));
      }
      await database.query(`update data set id = id + 1500000000 where base_id = '${newer}'`);
      const { traces, next } = await driver.page!(30, undefined);
      assert.deepEqual(
        traces.map(({ base_id }) => base_id),
        [newer, older],
      );
      assert.equal(next, undefined);
    },
  );

  test(`${engine.name}: texts that no column takes are read as they were written`, async (t) => {
    const { url } = await engine.create(t);
    const driver = opened(t, url);
    const startInfo = { text: 'żółć \0 \ud800 😀 \\ \' " %' };
    const events = eventsOf({ name: 'p', id: '2', start: 1, startInfo });
    await driver.write(linesOf(events));
    assert.deepEqual((await driver.read(events[0]!.base_id))?.events, events);
  });

  test(`${engine.name}: several traces are read at once, and the library complains of nothing`, async (t) => {
    const driver = opened(t, (await engine.create(t)).url);
    const traces = Array.from({ length: 8 }, newId);
    await driver.write(traces.flatMap((trace) => linesOf(shopTrace(trace))));
    const warnings: string[] = [];
    const hear = ({ message }: Error): void => void warnings.push(message);
    process.on('warning', hear);
    t.after(() => process.off('warning', hear));
    const read = await Promise.all(traces.map((trace) => driver.read(trace)));
    for (const [i, stored] of read.entries()) assert.equal(stored?.events[0]?.base_id, traces[i]);
    await setImmediate();
    assert.deepEqual(warnings, []);
  });

  test(`${engine.name}: an id in the other case is another trace`, async (t) => {
    const driver = opened(t, (await engine.create(t)).url);
    const trace = newId();
    const events = [...shopTrace(trace), ...shopTrace(trace.toUpperCase())];
    await driver.write(linesOf(events));
    assert.deepEqual((await driver.read(trace))?.events, shopTrace(trace));
  });

  test(`${engine.name}: a row of no trace is in no list`, async (t) => {
    const { url, query } = await engine.create(t);
    const driver = opened(t, url);
    const trace = newId();
    await driver.write(linesOf(shopTrace(trace)));
    await query(`insert into data (base_id, timestamp, data) values ('no id', 'long ago', '{}')`);
    assert.deepEqual(
      (await driver.list()).map(({ base_id }) => base_id),
      [trace],
    );
  });

  test(`${engine.name}: the rows are OSProfiler's, and so is the report`, async (t) => {
    const { url, query } = await engine.create(t);
    const events = vectors.rows.map(notificationOf);
    const driver = opened(t, url);
    await driver.write(linesOf(events));
    const expected = vectors.rows.map(({ data_json_type: _type, ...row }) => plain(row));
    assert.deepEqual((await query(selectAll)).map(plain), expected);
    const [first] = await query('select cast(data as char(1)) as start from data where id = 1');
    assert.equal(first!['start'], '"', 'a JSON string that holds JSON');
    const stored = await driver.read(events[0]!.base_id);
    assert.deepEqual(stored!.events, events);
    const report = JSON.parse(JSON.stringify(buildReport(stored!.events, stored!.reported))) as unknown;
    assert.deepEqual(report, vectors.report);
    assert.deepEqual(await driver.list(), [{ base_id: events[0]!.base_id, timestamp: events[0]!.timestamp }]);
    assert.deepEqual(await driver.listErrors(), []);
  });

  test(`${engine.name}: an empty database has no traces; the first one makes the table, also by several at once`, async (t) => {
    const { url, query } = await engine.create(t);
    const driver = opened(t, url);
    assert.deepEqual(await driver.list(), []);
    assert.equal(await driver.read(newId()), undefined);
    assert.match(await driver.check(), /^no table yet in .*; the first trace makes it$/);
    const [a, b] = [newId(), newId()];
    await Promise.all([a, b].map(async (id) => opened(t, url).write(linesOf(shopTrace(id)))));
    assert.deepEqual((await driver.list()).map(({ base_id }) => base_id).toSorted(), [a, b].toSorted());
    assert.match(await driver.check(), /^2 traces in /);
    assert.equal((await query(selectAll)).length, 2 * shopTrace().length);
  });

  test(`${engine.name}: who is refused is told why, and not the password`, async (t) => {
    const { url } = await engine.create(t);
    const nowhere = url.replace(/\w+$/, 'nowhere');
    assert.match((await failureOf(() => opened(t, nowhere).check())).message, /nowhere/);
    const stranger = url.replace(/\/\/.*@/, '//str%C3%A4nger:s%40cret@');
    const { message, isCertain } = await failureOf(() => opened(t, stranger).write(linesOf(shopTrace())));
    assert.match(message, /sträng?er/);
    assert.doesNotMatch(message, /s@cret|s%40cret/);
    assert.equal(isCertain, true);
  });

  test(`${engine.name}: a user who may not make the table is told so, and needs no more where it is`, async (t) => {
    const { url, query, asWriter } = await engine.create(t);
    const driver = opened(t, await asWriter());
    const refused = await failureOf(() => driver.write(linesOf(shopTrace())));
    assert.match(refused.message, /permission denied|CREATE command denied/);
    assert.equal(refused.isCertain, true);
    await opened(t, url).write(linesOf(shopTrace(newId())));
    await driver.write(linesOf(shopTrace()));
    assert.match(await driver.check(), /^2 traces/);
    assert.equal((await query(selectAll)).length, 2 * shopTrace().length);
  });

  test(`${engine.name}: SQLAlchemy's spellings are the same`, async (t) => {
    const { url } = await engine.create(t);
    const spellings = {
      postgresql: ['postgres', 'postgresql+psycopg2'],
      mysql: ['mysql+pymysql', 'mariadb', 'mariadb+mariadbconnector'],
    };
    for (const scheme of spellings[engine.name]) {
      await opened(t, url.replace(/^\w+/, scheme)).check();
    }
  });
}

test('postgresql: the table is the one that SQLAlchemy makes', async (t) => {
  const { url, query } = await postgresql.create(t);
  await opened(t, url).write(linesOf(shopTrace()));
  const columns = await query(
    `select column_name, data_type, character_maximum_length, is_nullable, column_default
     from information_schema.columns where table_name = 'data' order by ordinal_position`,
  );
  const { columns: expected, indexes } = golden.databases['postgresql']!;
  assert.deepEqual(columns.map(Object.values), expected);
  const made = await query(`select indexdef from pg_indexes where tablename = 'data' order by indexname`);
  assert.deepEqual(
    made.map(({ indexdef }) => indexdef),
    indexes,
  );
});

test('mysql: the table is the one that SQLAlchemy makes', async (t) => {
  const { url, query } = await mysql.create(t);
  await opened(t, url).write(linesOf(shopTrace()));
  const [made] = await query('show create table data');
  const { ddl } = golden.databases['mysql']!;
  // SQLAlchemy makes the indexes in any order; the character set is the database's.
  const normal = (text: string): string[] =>
    text
      .split('\n')
      .map((line) => line.replace(/,$/, ''))
      .filter((line) => !line.startsWith(')'))
      .toSorted();
  assert.deepEqual(normal(made!['Create Table'] as string), normal(ddl));
});

for (const mark of ['/', '?', '#', ' ']) {
  test(`a password with "${mark}" that is not percent-encoded is in no message`, async () => {
    for (const scheme of ['postgresql', 'mysql']) {
      const error = await (async () =>
        open(`${scheme}://user:secret${mark}x@127.0.0.1:1/db`).check())().catch((reason: unknown) => reason);
      assert.ok(error instanceof DriverError, String(error));
      assert.doesNotMatch(error.message, /secret/);
    }
  });
}
