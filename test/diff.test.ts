// The comparison of two traces: what is put beside each other, and what the differences sum up to.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { type Diff, type DiffGroup, diff } from '../src/report/diff.js';
import { renderDiff } from '../src/report/diff-text.js';
import { cautions, sentenceOf } from '../src/report/diff-words.js';
import { buildTree } from '../src/report/tree.js';
import type { Event, Info } from '../src/trace/event.js';
import { newId } from '../src/trace/ids.js';
import { type PointMade, dice, eventsOf, shopTrace } from './fixtures/events.js';

// eslint-style sets: all that is not printed, but for the ends of lines.
const unprintable = /[^\P{Cc}\n]|[\p{Cf}\p{Zl}\p{Zp}]/u;
const plain = { width: undefined, colour: false } as const;

const trace = (...points: readonly PointMade[]): Event[] => {
  const id = newId();
  return points.flatMap((point) => eventsOf({ ...point, trace: id }));
};

const compare = (a: readonly Event[], b: readonly Event[]): Diff => diff(buildTree(a), buildTree(b));
const text = (compared: Diff, width?: number, top = 20): string =>
  [...renderDiff(compared, { ...plain, width }, top)].join('');

const request = (took: number, path = '/orders/42', more: Partial<PointMade> = {}): PointMade => ({
  name: 'wsgi',
  id: 'in',
  start: 0,
  stop: took,
  startInfo: { request: { method: 'GET', path } },
  stopInfo: { response: { status_code: 200 } },
  ...more,
});

const own = (
  name: string,
  start: number,
  took: number,
  parent = 'in',
  id = `${name}${start}`,
): PointMade => ({
  name: 'task',
  id,
  parent,
  start,
  stop: start + took,
  startInfo: { function: { name } },
  stopInfo: {},
});

/** So many statements, one after the other, that differ in their values. */
function queries(count: number, from: number, took: number, parent = 'in'): PointMade[] {
  return Array.from({ length: count }, (_, i): PointMade[] => [
    {
      name: 'db',
      id: `db${from}.${i}`,
      parent,
      start: from + i * took,
      stop: from + (i + 1) * took,
      startInfo: { db: { system: 'postgresql', operation: 'query', name: 'shop' } },
      stopInfo: {},
    },
    {
      name: 'sql',
      id: `sql${from}.${i}`,
      parent: `db${from}.${i}`,
      start: from + i * took + 100,
      stop: from + (i + 1) * took - 100,
      startInfo: { db: { system: 'postgresql', statement: `select * from reviews where order_id = ${i}` } },
      stopInfo: {},
    },
  ]).flat();
}

const brief = ({ what, change, difference }: DiffGroup): unknown[] => [what, change, difference];
const reviews = 'select * from reviews where order_id = ?';

/** What each group is of the difference, and what none is, sum up to the difference of the durations. */
function addsUp({ a, b, difference, groups, rest }: Diff): void {
  const sum = (each: (group: DiffGroup) => number): number =>
    groups.reduce((all, group) => all + each(group), 0);
  assert.equal(sum((group) => group.difference) + rest.difference, difference);
  assert.equal(sum((group) => group.a?.self ?? 0) + rest.a, a.duration);
  assert.equal(sum((group) => group.b?.self ?? 0) + rest.b, b.duration);
  assert.equal(difference, b.duration - a.duration);
}

test('more of the same statement, one that is new, one that is gone, and one that is slower', () => {
  const a = trace(
    request(133_000),
    ...queries(10, 1000, 8000),
    own('old', 90_000, 20_000),
    own('render', 115_000, 10_000),
  );
  const b = trace(
    request(412_000),
    ...queries(47, 1000, 8000),
    own('new', 380_000, 5000),
    own('render', 390_000, 18_000),
  );
  const compared = compare(a, b);
  addsUp(compared);
  assert.deepEqual(compared.groups.map(brief), [
    [reviews, 'more', 296_000],
    ['old', 'gone', -20_000],
    ['GET /orders/{id}', 'faster', -10_000],
    ['render', 'slower', 8000],
    ['new', 'new', 5000],
  ]);
  assert.deepEqual(compared.rest, { a: 0, b: 0, difference: 0 });
  const [group] = compared.groups;
  assert.deepEqual(group!.path, ['GET /orders/{id}']);
  assert.deepEqual(
    [group!.a, group!.b],
    [
      { count: 10, self: 80_000, total: 80_000, p50: 8000, max: 8000, failed: 0, unfinished: 0 },
      { count: 47, self: 376_000, total: 376_000, p50: 8000, max: 8000, failed: 0, unfinished: 0 },
    ],
  );
  assert.equal(
    sentenceOf(compared),
    `B took 412 ms, 3.1 × A (133 ms): 37 more × ${reviews} (+296 ms), 1 gone × task old (-20.0 ms)`,
  );
  assert.deepEqual(cautions(compared), []);
});

test('a sentence says how much faster, slower or equal B is', () => {
  const said = (a: number, b: number): string => sentenceOf(compare(trace(request(a)), trace(request(b))));
  const what = 'GET /orders/{id}';
  assert.equal(said(400_000, 100_000), `B took 100 ms, 0.25 × A (400 ms): ${what} faster (-300 ms)`);
  assert.equal(
    said(100_000, 101_500),
    `B took 102 ms, 1.50 ms more than A (100 ms): ${what} slower (+1.50 ms)`,
  );
  assert.equal(said(100_000, 1_500_000), `B took 1.50 s, 15 × A (100 ms): ${what} slower (+1.40 s)`);
  assert.equal(said(1000, 1000), 'B took 1.00 ms, as long as A: no part of it differs');
  assert.equal(said(0, 1000), `B took 1.00 ms, 1.00 ms more than A (0 µs): ${what} slower (+1.00 ms)`);
});

test('what moved below something new is compared with what it was before', () => {
  const a = trace(request(100_000), ...queries(10, 1000, 8000));
  const b = trace(
    request(110_000),
    own('load', 500, 100_000, 'in', 'load'),
    ...queries(10, 1000, 9000, 'load'),
  );
  const compared = compare(a, b);
  addsUp(compared);
  const moved = compared.groups.find(({ what }) => what === reviews);
  assert.deepEqual(
    [moved?.change, moved?.difference, moved?.moved, moved?.path],
    ['slower', 10_000, true, ['GET /orders/{id}', 'task load']],
  );
  assert.match(text(compared), /\(elsewhere\)$/m);
  assert.match(text(compared), / new +shop +task load itself$/m);
});

const out = (hostname: string, took: number, path = '/stock/7', id = hostname): PointMade => ({
  name: 'http',
  id,
  parent: 'in',
  start: 1000,
  stop: 1000 + took,
  startInfo: { requests: { method: 'GET', hostname, port: 4000, path } },
  stopInfo: { requests: { status_code: 200 } },
});

test('a request that went to another host is the same request', () => {
  const compared = compare(
    trace(request(50_000), out('old', 20_000), out('same', 5, '/other')),
    trace(request(80_000), out('new', 50_000), out('same', 5, '/other')),
  );
  addsUp(compared);
  const calls = compared.groups.filter(({ kind }) => kind === 'http');
  assert.deepEqual(
    calls.map(({ what, change, difference, moved }) => [what, change, difference, moved]),
    [
      ['GET new:4000/stock/{id}', 'slower', 30_000, true],
      ['GET same:4000/other', 'same', 0, false],
    ],
  );
});

test('of requests to several hosts nobody knows which is which', () => {
  const a = trace(request(90_000), out('one', 20_000), out('two', 30_000));
  const b = trace(request(90_000), out('three', 20_000));
  const changes = compare(a, b)
    .groups.filter(({ kind }) => kind === 'http')
    .map(({ change }) => change);
  assert.deepEqual(changes.toSorted(), ['gone', 'gone', 'new']);
});

test('equal work below different calls is told apart', () => {
  const both = (one: number, two: number): Event[] =>
    trace(
      request(100_000),
      own('cart', 0, 40_000, 'in', 'cart'),
      own('stock', 50_000, 40_000, 'in', 'stock'),
      own('query', 0, one, 'cart'),
      own('query', 50_000, two, 'stock'),
    );
  const compared = compare(both(1000, 2000), both(1000, 30_000));
  addsUp(compared);
  const queried = (call: string): DiffGroup | undefined =>
    compared.groups.find(({ path }) => path.at(-1) === `task ${call}`);
  assert.deepEqual(brief(queried('stock')!), ['query', 'slower', 28_000]);
  assert.deepEqual(brief(queried('cart')!), ['query', 'same', 0]);
});

test('what runs beside the critical path explains nothing, and what is on it explains its part', () => {
  const both = (beside: number, last: number): Event[] =>
    trace(request(last + 1000), own('beside', 0, beside), own('last', 0, last));
  const compared = compare(both(10_000, 50_000), both(30_000, 60_000));
  addsUp(compared);
  const [last, ...others] = compared.groups;
  assert.deepEqual(brief(last!), ['last', 'slower', 10_000]);
  assert.ok(others.every(({ difference }) => difference === 0));
  const beside = others.find(({ what }) => what === 'beside');
  assert.deepEqual([beside?.a?.self, beside?.a?.p50, beside?.b?.p50], [0, 10_000, 30_000]);
});

test('several points at the top: the time between them is a part of its own', () => {
  const both = (between: number): Event[] =>
    trace({ ...own('one', 0, 1000), parent: undefined } as never, {
      ...own('two', 1000 + between, 1000, 'lost'),
    });
  const compared = compare(both(500), both(2500));
  addsUp(compared);
  assert.deepEqual(compared.rest, { a: 500, b: 2500, difference: 2000 });
  assert.match(text(compared), /^ +\+2\.00 ms +500 µs +2\.50 ms +… between the points at the top$/m);
});

test('different routes, the same trace, and missing ends are said', () => {
  const a = trace(request(1000));
  const b = trace(request(2000, '/carts'), { ...own('hangs', 100, 0), stop: undefined } as never);
  assert.deepEqual(cautions(compare(a, b)), [
    'A and B are of different routes: A is GET /orders/{id}, B is GET /carts',
    'B has 1 point without an end: not all of its times are known',
  ]);
  assert.deepEqual(cautions(compare(a, a)), ['A and B are the same trace']);
  const [hangs] = compare(a, b).groups.filter(({ what }) => what === 'hangs');
  assert.deepEqual([hangs?.change, hangs?.b?.count, hangs?.b?.unfinished], ['new', 1, 1]);
});

test('the table is sorted by the size of the difference, sums up, and is no wider than the terminal', () => {
  const a = trace(request(133_000), ...queries(10, 1000, 8000), own('old', 90_000, 20_000));
  const b = trace(request(412_000), ...queries(47, 1000, 8000));
  const lines = text(compare(a, b)).split('\n');
  const rows = lines.slice(5, -1);
  assert.match(rows[0]!, /^DIFFERENCE +A +B +COUNT +P50 A +P50 B +MAX A +MAX B +CHANGE +SERVICE +WHAT$/);
  assert.match(rows[1]!, /^ +\+296 ms +80\.0 ms +376 ms +10 → 47 +8\.00 ms +8\.00 ms .* more +shop +select /);
  assert.match(rows[2]!, /^ +-20\.0 ms +20\.0 ms +1 → 0 /);
  assert.match(rows.at(-1)!, /^ +\+279 ms +133 ms +412 ms +the whole$/);
  for (const width of [40, 70, 90, 110, 140]) {
    const [, ...below] = text(compare(a, b), width).split('\n');
    for (const line of below) assert.ok([...line].length <= width, `${width}: ${line}`);
  }
  assert.match(
    text(compare(a, b), undefined, 1),
    /^ +-17\.0 ms +53\.0 ms +36\.0 ms +… 2 more; --top 0 shows all$/m,
  );
});

test('only calls that were left out make a trace less certain, and no collection of garbage', () => {
  const note = (name: string, info: Info): Event[] =>
    trace(request(1000), { name, id: 'n', parent: 'in', start: 10, stop: 10, startInfo: { [name]: info } });
  const { a, b } = compare(note('left_out', { late: 2 }), note('gc', { kind: 'major' }));
  assert.deepEqual([a.incomplete, b.incomplete], [true, false]);
});

test('hostile texts do nothing to a terminal', () => {
  const hostile = `\u001b]0;owned\u0007\u202e\n${'x'.repeat(5000)}`;
  const compared = compare(trace(request(1000, `/${hostile}`)), trace(request(2000), own(hostile, 1, 500)));
  assert.ok(!unprintable.test(text(compared)));
  assert.ok(sentenceOf(compared).length < 300);
  assert.ok(!unprintable.test(sentenceOf(compared)));
});

/** A trace of any shape: overlaps, missing ends, lost parents, circles. */
function anyTrace(roll: (limit: number) => number): Event[] {
  const ids = Array.from({ length: 1 + roll(30) }, (_, i) => `p${i}`);
  const points = ids.map((id, i): PointMade => {
    const start = roll(100_000);
    return {
      name: ['wsgi', 'db', 'sql', 'task', 'left_out'][roll(5)]!,
      id,
      ...(i > 0 && { parent: roll(10) === 0 ? 'lost' : `p${roll(ids.length)}` }),
      ...(roll(10) > 0 && { start }),
      ...(roll(10) > 0 && { stop: start + roll(50_000) - roll(100) }),
      startInfo: { function: { name: `f${roll(3)}` } },
      stopInfo: {},
    };
  });
  const events = trace(...points);
  return events.length > 0 ? events : trace(request(1000));
}

test('differences sum up to the difference of the durations, whatever the traces are', () => {
  const roll = dice(3);
  for (let i = 0; i < 2000; i++) {
    const compared = compare(anyTrace(roll), anyTrace(roll));
    addsUp(compared);
    assert.ok(text(compared, 100).length > 0);
  }
});

test('each point of work is in one group, but for the only statement of a call', () => {
  const compared = compare(shopTrace(newId()), shopTrace(newId()));
  addsUp(compared);
  assert.ok(compared.groups.every(({ change, moved }) => change === 'same' && !moved));
  const counted = compared.groups.reduce((all, { a }) => all + (a?.count ?? 0), 0);
  assert.equal(counted, compared.a.points - 1);
});

test('a trace deeper than the stack is compared', () => {
  const deep = (took: number): Event[] =>
    trace(
      request(took, '/', { id: 'p0' }),
      ...Array.from({ length: 20_000 }, (_, i) => own('f', i, took - i, `p${i}`, `p${i + 1}`)),
    );
  const compared = compare(deep(50_000), deep(60_000));
  addsUp(compared);
  assert.ok(compared.groups.every(({ path }) => path.length <= 20));
});
