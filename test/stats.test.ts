// Figures of many traces: what is in a group, what is counted apart, and how they are printed.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Room } from '../src/report/durations.js';
import { type Stats, StatsOf } from '../src/report/stats.js';
import { renderStats } from '../src/report/stats-text.js';
import { buildTree } from '../src/report/tree.js';
import type { Event, Info } from '../src/trace/event.js';
import { newId } from '../src/trace/ids.js';
import { type PointMade, eventsOf, shopTrace } from './fixtures/events.js';

// eslint-style sets: all that is not printed, but for the ends of lines.
const unprintable = /[^\P{Cc}\n]|[\p{Cf}\p{Zl}\p{Zp}]/u;
const plain = { width: undefined, colour: false } as const;

function statsOf(...traces: readonly (readonly Event[])[]): Stats {
  const stats = new StatsOf();
  for (const events of traces) stats.add(buildTree(events));
  return stats.result();
}

const trace = (...points: readonly Omit<PointMade, 'trace'>[]): Event[] => {
  const id = newId();
  return points.flatMap((point) => eventsOf({ ...point, trace: id }));
};

const request = (path: string, took: number, status_code = 200): PointMade => ({
  name: 'wsgi',
  id: 'in',
  start: 0,
  stop: took,
  startInfo: { request: { method: 'GET', path } },
  stopInfo: { response: { status_code } },
});

const query = (id: string, statement: string, took: number): PointMade[] => [
  {
    name: 'db',
    id,
    parent: 'in',
    start: 10,
    stop: 20 + took,
    startInfo: { db: { system: 'postgresql', operation: 'query', name: 'shop' } },
    stopInfo: {},
  },
  {
    name: 'sql',
    id: `${id}s`,
    parent: id,
    start: 15,
    stop: 15 + took,
    startInfo: { db: { system: 'postgresql', statement } },
    stopInfo: {},
  },
];

test('points are added up by route, by kind, and by statement or call', () => {
  const stats = statsOf(
    trace(request('/orders/1', 1000), ...query('q', "select * from a where id = '1'", 100)),
    trace(request('/orders/2', 3000, 500), ...query('q', "select * from a where id = '2'", 300)),
    trace(request('/carts', 9000), ...query('q', 'select 1', 50), ...query('r', 'select 2', 60)),
  );
  assert.deepEqual([stats.traces, stats.points, stats.unfinished, stats.incomplete], [3, 11, 0, 0]);
  assert.deepEqual(
    stats.routes.groups.map(({ what, count, total, p50, max, failed }) => [
      what,
      count,
      total,
      p50,
      max,
      failed,
    ]),
    [
      ['GET /carts', 1, 9000, 9000, 9000, 0],
      ['GET /orders/{id}', 2, 4000, 1000, 3000, 1],
    ],
  );
  assert.deepEqual(
    stats.kinds.groups.map(({ kind, count, total }) => [kind, count, total]),
    [
      ['wsgi', 3, 13_000],
      ['db', 4, 550],
      ['sql', 4, 510],
    ],
  );
  // A call and its only statement are one thing.
  assert.deepEqual(
    stats.calls.groups.map(({ kind, service, what, count, total }) => [kind, service, what, count, total]),
    [
      ['db', 'shop', 'select * from a where id = ?', 2, 420],
      ['db', 'shop', 'select ?', 2, 130],
    ],
  );
});

test('two statements of one call have figures of their own', () => {
  const [call, one] = query('q', 'begin', 10);
  const stats = statsOf(trace(request('/', 1000), call!, one!, { ...one!, id: 'other' }));
  assert.deepEqual(
    stats.calls.groups.map(({ kind, what, count }) => [kind, what, count]),
    [
      ['sql', 'begin', 2],
      ['db', 'postgresql query shop', 1],
    ],
  );
});

test('what has no length is counted apart, and is in no percentile', () => {
  const named = { name: 'task', parent: 'in', startInfo: { function: { name: 'f' } } } as const;
  const stats = statsOf(
    trace(
      request('/', 1000),
      { ...named, id: '1', start: 0, stop: 70 },
      { ...named, id: '2', start: 0 },
      { ...named, id: '3', start: 50, stop: 40, stopInfo: { etype: 'Error' } },
      { name: 'task', parent: 'in', id: '4', stop: 40 },
    ),
  );
  assert.deepEqual([stats.unfinished, stats.unmeasured], [1, 2]);
  const [task] = stats.kinds.groups.filter(({ kind }) => kind === 'task');
  assert.deepEqual(task, {
    kind: 'task',
    count: 1,
    total: 70,
    p50: 70,
    p90: 70,
    p95: 70,
    p99: 70,
    max: 70,
    exact: true,
    failed: 1,
    unfinished: 1,
    unmeasured: 2,
  });
});

test('calls that were left out are no points, and it is said in how many traces', () => {
  const stats = statsOf(
    trace(request('/', 1000), {
      name: 'left_out',
      id: 'x',
      parent: 'in',
      start: 10,
      stop: 10,
      startInfo: { left_out: { unknown: 4, why: 'w' } },
    }),
    trace(request('/', 1000)),
  );
  assert.deepEqual([stats.points, stats.incomplete], [2, 1]);
  assert.match(
    [...renderStats(stats, plain, 20)][0]!,
    /^2 traces · 2 points · calls were left out of 1 trace\n$/,
  );
});

test('a collection of garbage, or the handler of another request, is no call that was left out', () => {
  const note = (name: string, startInfo: Info): PointMade => ({
    name,
    id: name,
    parent: 'in',
    start: 10,
    stop: 20,
    startInfo,
  });
  const stats = statsOf(
    trace(
      request('/', 1000),
      note('gc', { gc: { kind: 'major' } }),
      note('blocked', { blocked: { method: 'GET', path: '/report' } }),
      note('left_out', { left_out: { gc: 3, gc_ms: 20 } }),
    ),
  );
  assert.deepEqual([stats.points, stats.incomplete], [1, 0]);
});

test('the requests of all services are routes, and so is whatever else a trace begins with', () => {
  const stats = statsOf(
    shopTrace(newId()),
    trace({
      name: 'process',
      id: 'p',
      start: 0,
      stop: 10,
      startInfo: { process: { file: '/srv/label.js' } },
    }),
  );
  assert.deepEqual(
    stats.routes.groups.map(({ kind, service, what }) => [kind, service, what]),
    [
      ['wsgi', 'shop', 'GET /orders/{id}'],
      ['wsgi', 'stock', 'GET /stock/{id}'],
      ['process', 'shop', '/srv/label.js'],
    ],
  );
});

test('there are no more groups than allowed: the others are added up, and said', () => {
  const stats = new StatsOf({ routes: 3, kinds: 1, calls: 2 }, new Room());
  for (let i = 0; i < 10; i++) {
    stats.add(
      buildTree(
        trace(request(`/${'abcdefghij'[i]}`, 100 + i), {
          name: `own${i}`,
          id: 'own',
          parent: 'in',
          start: 0,
          stop: 5,
        }),
      ),
    );
  }
  const { routes, kinds, calls } = stats.result();
  assert.deepEqual(
    [routes, kinds, calls].map(({ groups, others }) => [groups.length, others?.count, others?.total]),
    [
      [3, 7, 103 + 104 + 105 + 106 + 107 + 108 + 109],
      [1, 10, 50],
      [2, 8, 40],
    ],
  );
  const text = [...renderStats(stats.result(), plain, 1)].join('');
  assert.match(text, /^ *201 µs +2 .* … 2 more; --top 0 shows all$/m);
  assert.match(text, /^ *742 µs +7 .* … routes beyond the first 3$/m);
});

test('hostile texts stay texts, and do not take the memory', () => {
  const hostile = `\u001b]0;owned\u0007\u202e${'x'.repeat(100_000)}`;
  const stats = statsOf(
    trace(
      { ...request(`/${hostile}`, 1000), service: hostile },
      {
        name: '__proto__',
        id: 'a',
        parent: 'in',
        start: 0,
        stop: 5,
        startInfo: { function: { name: hostile } },
      },
    ),
  );
  assert.ok(JSON.stringify(stats).length < 30_000);
  assert.equal(stats.calls.groups[0]!.kind, '__proto__');
  const text = [...renderStats(stats, plain, 20)].join('');
  assert.ok(!unprintable.test(text));
});

test('lines are no wider than the terminal, and rough percentiles are marked', () => {
  const stats = new StatsOf(undefined, new Room(0));
  stats.add(buildTree(shopTrace()));
  for (const width of [40, 70, 90, 110, 150]) {
    const lines = [...renderStats(stats.result(), { width, colour: false }, 20)].join('').split('\n');
    for (const line of lines) assert.ok([...line].length <= width, `${width}: ${line}`);
    assert.ok(lines.includes('~ up to 1 % off'));
  }
  assert.match([...renderStats(stats.result(), plain, 20)].join(''), / ~182 ms /);
  assert.doesNotMatch([...renderStats(statsOf(shopTrace()), plain, 20)].join(''), /~/);
});
