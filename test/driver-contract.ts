// What every driver does, whatever its store: one suite for all of them. A test file of a driver runs it with
// `driverContract`, and has besides what is special to its store.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';

import { type Driver, DriverError, type DriverSettings, type TraceSummary } from '../src/drivers/driver.js';
import type { Line } from '../src/drivers/line.js';
import type { Event, Info } from '../src/trace/event.js';
import { newId } from '../src/trace/ids.js';
import { open as openDriver } from './fixtures/drivers.js';
import { at, eventsOf, shopTrace } from './fixtures/events.js';
import { linesOf } from './fixtures/lines.js';
import type { Proxy } from './fixtures/proxy.js';

/** A store for one test. */
export interface TestStore {
  readonly url: string;
}

/** Lines that a store does not take. */
export interface Unwanted {
  readonly refused?: readonly Line[];
  /** Those that it may take later. */
  readonly again?: readonly Line[];
}

/**
 * What is to be known of a store, and what can be done to it beside its driver. A case whose means are not given is
 * not registered.
 */
export interface Supports<Store extends TestStore> {
  /** A new trace, where the store outlives the test and somebody has to clean up. */
  newTrace?(): string;
  /** Whether others use the store at the same time: their traces are in its lists then. */
  readonly isShared?: true;
  /** In which order a trace is read, where that is not the order in which it was written. */
  readonly order?: 'newest first';
  /** Which lists the driver gives: not those of failed traces, or none. */
  readonly lists?: 'traces' | 'none';
  /** How many events a trace has that is read whole. */
  readonly events?: number;
  /** How the driver's check ends once two traces are stored. */
  readonly check: RegExp;
  /** How many entries of a trace the store itself says that it has. */
  entries?(store: Store, base_id: string): Promise<number>;
  /** Puts a text among the entries of a trace, as anything else may. */
  plant?(store: Store, base_id: string, text: string): Promise<void>;
  /** What is planted, where the store does not take each text. */
  readonly foreign?: readonly string[];
  /** Makes lines that the store does not take, and sees to it that it does not. */
  unwanted?(store: Store): Promise<Unwanted>;
  /** The server of the store. */
  readonly server?: {
    /** The same store by a way that can be cut. */
    through(t: TestContext, store: Store): Promise<{ readonly url: string; readonly proxy: Proxy }>;
    /** What people read where nothing listens there. */
    readonly down: RegExp;
    /** What they read where the connection breaks. */
    readonly broken: RegExp;
    /** What they read of a server that accepts a connection and is silent, where that is noticed within seconds. */
    readonly silent?: RegExp;
  };
}

const batchLines = 1000;
const deep = `${'['.repeat(20_000)}${']'.repeat(20_000)}`;

/** What may stand among the entries of a trace, whose id is put in the place of `ID`. */
export const foreignTexts = [
  'torn by a crash, ID',
  '{"base_id":"ID"}',
  JSON.stringify({
    ...eventsOf({ name: 'p', id: '1', start: 1 })[0]!,
    base_id: 'ID',
    timestamp: 'yesterday',
  }),
  // An event, but for what no reader can follow.
  JSON.stringify({
    ...eventsOf({ name: 'p', id: '1', start: 1 })[0]!,
    base_id: 'ID',
    info: { deep: 0 },
  }).replace('"deep":0', `"deep":${deep}`),
  '["ID"]',
];

/** Runs the suite on the stores that `open` makes, one for each test. */
export function driverContract<Store extends TestStore>(
  name: string,
  open: (t: TestContext) => Store | Promise<Store>,
  supports: Supports<Store>,
): void {
  const { lists, isShared } = supports;
  const newTrace = supports.newTrace ?? newId;

  const opened = (t: TestContext, url: string, settings?: Partial<DriverSettings>): Driver => {
    const driver = openDriver(url, settings);
    t.after(() => driver.close());
    return driver;
  };
  /** What a list says of the test's own traces. */
  const among = (traces: readonly string[], list: readonly TraceSummary[]): readonly TraceSummary[] =>
    isShared ? list.filter(({ base_id }) => traces.includes(base_id)) : list;
  /** A store may tell more of a trace: what OSProfiler's report shows of it. */
  const assertStored = async (
    driver: Driver,
    trace: string,
    events: readonly Event[],
    skipped = 0,
  ): Promise<void> => {
    const stored = await driver.read(trace);
    assert.deepEqual(stored?.events, supports.order === 'newest first' ? events.toReversed() : events);
    assert.equal(stored.skipped, skipped);
  };

  /** Events in the order of their times. */
  const shop = (trace: string): Event[] =>
    shopTrace(trace).toSorted((a, b) => (a.timestamp < b.timestamp ? -1 : 1));
  const point = (trace: string, start: number, stopInfo: Info = {}, startInfo: Info = {}): Line[] =>
    linesOf(eventsOf({ name: 'p', id: `${start}`, trace, start, stop: start + 1, startInfo, stopInfo }));

  test(`${name}: an empty store has no traces, and nothing is read of it`, async (t) => {
    const driver = opened(t, (await open(t)).url);
    const none = [newTrace(), 'no id', '*', "' OR 1=1", '../../secret', ''];
    for (const trace of none) assert.equal(await driver.read(trace), undefined);
    if (lists === 'none') return;
    assert.deepEqual(among(none, await driver.list()), []);
    assert.deepEqual(among(none, await driver.listErrors()), []);
  });

  test(`${name}: events are read as they were written, and those of other traces are not`, async (t) => {
    const driver = opened(t, (await open(t)).url);
    // The ids share four of five groups of digits.
    const trace = newTrace();
    const similar = `${trace.slice(0, -1)}${trace.endsWith('0') ? '1' : '0'}`;
    const texts = ['"quoted" and \\ and \\\\" and \\n', 'żółć\n\u2028😀\0', "it's a=b, c d %", '\\'];
    const odd = eventsOf({
      name: 'größe',
      id: 'odd',
      trace,
      start: 500_000,
      startInfo: { texts },
      stop: 500_001,
    });
    const [mine, others] = [[...shop(trace), ...odd], shop(similar)];
    await driver.write(linesOf([...others.slice(0, 5), ...mine.slice(0, 9)]));
    await driver.write(linesOf([...mine.slice(9), ...others.slice(5)]));
    for (let i = 0; i < 2; i++) await assertStored(driver, trace, mine);
    await assertStored(driver, similar, others);
    assert.equal(await driver.read(newTrace()), undefined);
  });

  test(`${name}: a batch that comes again is completed, and stored once`, async (t) => {
    const store = await open(t);
    const driver = opened(t, store.url);
    const trace = newTrace();
    const lines = linesOf(shop(trace));
    await driver.write(lines.slice(0, 3));
    for (let i = 0; i < 2; i++) await driver.write(lines, { isRepeated: true });
    await assertStored(driver, trace, shop(trace));
    assert.equal(await supports.entries?.(store, trace), supports.entries && lines.length);
  });

  test(`${name}: a trace of many events is read whole`, async (t) => {
    const driver = opened(t, (await open(t)).url);
    const trace = newTrace();
    const { events = 25_000 } = supports;
    const ids = Array.from({ length: events / 2 }, (_, i) => i * 10);
    const lines = ids.flatMap((id) => point(trace, id));
    for (let i = 0; i < lines.length; i += batchLines) await driver.write(lines.slice(i, i + batchLines));
    const stored = await driver.read(trace);
    assert.deepEqual([stored?.events.length, stored?.skipped], [events, 0]);
    const last = supports.order === 'newest first' ? stored!.events[0]! : stored!.events.at(-1)!;
    assert.deepEqual([last.name, last.trace_id], ['p-stop', `${ids.at(-1)}`]);
  });

  test(`${name}: a check says what there is, and leaves nothing`, async (t) => {
    const store = await open(t);
    const driver = opened(t, store.url);
    const traces = [newTrace(), newTrace()];
    await driver.check();
    for (const trace of traces) assert.equal(await driver.read(trace), undefined);
    if (lists !== 'none') assert.deepEqual(among(traces, await driver.list()), []);
    await driver.write(traces.flatMap((trace) => linesOf(shop(trace))));
    for (let i = 0; i < 2; i++) assert.match(await driver.check(), supports.check);
    for (const trace of traces) assert.equal((await driver.read(trace))?.events.length, shop(trace).length);
  });

  if (lists !== 'none') {
    test(`${name}: the list has each trace once, newest first`, async (t) => {
      const driver = opened(t, (await open(t)).url);
      const traces = Array.from({ length: 200 }, newTrace);
      await driver.write(traces.flatMap((trace, i) => point(trace, i * 7)));
      const expected = traces.map((base_id, i) => ({ base_id, timestamp: at(i * 7) })).toReversed();
      assert.deepEqual(among(traces, await driver.list()), expected);
      if (driver.newest !== undefined) {
        const { traces: newest, total } = await driver.newest(5);
        assert.deepEqual(newest, expected.slice(0, 5));
        assert.ok(total === undefined || total === traces.length, `${total} in all`);
      }
      if (driver.page !== undefined) {
        const pages: TraceSummary[] = [];
        let next: string | undefined;
        do {
          const page = await driver.page(30, next);
          assert.ok(page.traces.length <= 30);
          pages.push(...page.traces);
          next = page.next;
        } while (next !== undefined);
        // A folder tells the order of files that were written in one millisecond only by their times of writing.
        const byTime = pages.toSorted((a, b) => (a.timestamp < b.timestamp ? 1 : -1));
        assert.deepEqual(among(traces, byTime), expected);
        await assert.rejects(driver.page(30, 'elsewhere'), DriverError);
      }
      if (driver.find !== undefined) {
        const [{ base_id }] = expected as [TraceSummary];
        assert.deepEqual(await driver.find(base_id.slice(0, 18)), expected.slice(0, 1));
        assert.deepEqual(await driver.find(newId()), []);
      }
    });

    test(`${name}: failed traces are listed as far as that was asked for, by the last failure`, async (t) => {
      const { url } = await open(t);
      const driver = opened(t, url, { filterErrorTrace: true });
      const [one, two, fine, unasked] = Array.from({ length: 4 }, newTrace) as [
        string,
        string,
        string,
        string,
      ];
      const failure = { etype: 'E', message: '' };
      await driver.write([
        ...point(two, 10, failure),
        ...point(one, 5, failure),
        ...point(one, 50, failure),
        ...point(one, 60),
        // A start makes no failure, and neither do its words.
        ...point(fine, 70, { etype: null, text: '"etype":"E"' }, failure),
      ]);
      await opened(t, url).write(point(unasked, 80, failure));
      const expected = [
        { base_id: one, timestamp: at(51) },
        { base_id: two, timestamp: at(11) },
      ];
      const listed = among([one, two, fine, unasked], await driver.listErrors());
      assert.deepEqual(listed, lists === 'traces' ? [] : expected);
      assert.equal(among([one, two, fine, unasked], await driver.list()).length, 4);
    });
  }

  const { plant, unwanted, server, foreign = foreignTexts } = supports;

  if (plant !== undefined) {
    test(`${name}: what is no event of a trace is skipped and counted, and no event beside it is`, async (t) => {
      const store = await open(t);
      const driver = opened(t, store.url);
      const trace = newTrace();
      const events = shop(trace);
      await driver.write(linesOf(events.slice(0, 4)));
      for (const text of foreign) await plant(store, trace, text.replaceAll('ID', trace));
      await driver.write(linesOf(events.slice(4)));
      await assertStored(driver, trace, events, foreign.length);
      if (lists !== 'none') {
        const expected = [{ base_id: trace, timestamp: events[0]!.timestamp }];
        assert.deepEqual(among([trace], await driver.list()), expected);
      }
    });
  }

  if (unwanted !== undefined) {
    test(`${name}: what the store does not take costs the others nothing, and is refused or comes again`, async (t) => {
      const store = await open(t);
      const driver = opened(t, store.url, { filterErrorTrace: true });
      const trace = newTrace();
      const { refused = [], again = [] } = await unwanted(store);
      const [first, ...others] = linesOf(shop(trace)) as [Line, ...Line[]];
      await assert.rejects(async () => driver.write([first, ...refused, ...again, ...others]), {
        name: 'WriteError',
        refused: refused.length,
        again,
      });
      await assertStored(driver, trace, shop(trace));
    });
  }

  if (server !== undefined) {
    test(
      `${name}: a server that is down is an error, a connection that breaks is an uncertain one, and both mend`,
      { timeout: 60_000 },
      async (t) => {
        const store = await open(t);
        const { url, proxy } = await server.through(t, store);
        const driver = opened(t, url);
        const trace = newTrace();
        const lines = linesOf(shop(trace));
        await proxy.cut();
        const down = await failureOf(() => driver.write(lines));
        assert.equal(down.isCertain, true, down.message);
        assert.match(down.message, server.down);

        await proxy.open();
        await driver.check();
        await driver.write(linesOf(shop(newTrace())));
        proxy.cutAtNextAnswer();
        const broken = await failureOf(() => driver.write(lines));
        assert.equal(broken.isCertain, false, broken.message);
        assert.match(broken.message, server.broken);

        await proxy.open();
        await driver.write(lines, { isRepeated: true });
        await assertStored(driver, trace, shop(trace));
        assert.equal(await supports.entries?.(store, trace), supports.entries && lines.length);
      },
    );

    test(`${name}: a connection that the server ended while nothing was written is made anew`, async (t) => {
      const { url, proxy } = await server.through(t, await open(t));
      const driver = opened(t, url);
      const trace = newTrace();
      const lines = linesOf(shop(trace));
      await driver.write(lines.slice(0, 7));
      await proxy.hangUp();
      await driver.write(lines.slice(7));
      await assertStored(driver, trace, shop(trace));
    });
  }

  const silentReason = server?.silent;
  if (server !== undefined && silentReason !== undefined) {
    test(
      `${name}: a server that accepts and never answers is an error within seconds`,
      { timeout: 20_000 },
      async (t) => {
        const { url, proxy } = await server.through(t, await open(t));
        proxy.block();
        const silent = await failureOf(() => opened(t, url).write(linesOf(shop(newTrace()))));
        assert.equal(silent.isCertain, true, silent.message);
        assert.match(silent.message, silentReason);
      },
    );
  }
}

/** The error of a driver with which something fails. */
export async function failureOf(work: () => unknown): Promise<DriverError> {
  try {
    await work();
  } catch (error) {
    assert.ok(error instanceof DriverError, String(error));
    return error;
  }
  throw new assert.AssertionError({ message: 'it did not fail' });
}
