// The critical path, the findings' numbers and the gaps in a tree for people.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { renderTrace } from '../src/cli/view.js';
import type { Info } from '../src/trace/event.js';
import { type PointMade, eventsOf } from './fixtures/events.js';

const ms = 1000;

/** What an event says of its loop: how long it has waited, in milliseconds, and its iteration. */
const loop = (idle_ms: number, turn: number): Info => ({ loop: { id: '1', idle_ms, turn } });

const request: PointMade = {
  name: 'wsgi',
  id: 'in',
  start: 0,
  stop: 1000 * ms,
  startInfo: { request: { method: 'GET', path: '/orders' }, ...loop(0, 1) },
  stopInfo: { response: { status_code: 200 }, ...loop(600, 90) },
};

const call = (id: string, from: number, to: number, more: Partial<PointMade> = {}): PointMade => ({
  name: 'db',
  id,
  parent: 'in',
  start: from * ms,
  stop: to * ms,
  startInfo: { db: { system: 'postgresql', operation: 'query', statement: `select * from ${id}` } },
  stopInfo: { db: { rows: 1 } },
  ...more,
});

const blocked = [
  request,
  call('a', 0, 100, { stopInfo: loop(90, 5) }),
  call('b', 10, 50),
  // 300 ms in one iteration, in which the loop did not wait.
  call('c', 400, 640, { startInfo: { db: { statement: 'select * from c' }, ...loop(90, 5) } }),
  call('d', 645, 1000, { startInfo: { db: { statement: 'update d' } } }),
];

const shown = (
  points: readonly PointMade[],
  { width = undefined as number | undefined, colour = false, mostFindings = 3, unfold = false } = {},
): string[] =>
  [
    ...renderTrace(
      points.flatMap((point) => eventsOf(point)),
      { width, colour },
      { isFolded: !unfold, mostFindings: mostFindings || undefined },
    ),
  ]
    .join('')
    .split('\n');

/** The lines of the tree, each as its mark and its words. */
function tree(lines: readonly string[]): string[] {
  const at = lines.findIndex((line) => line.includes('WHY'));
  const column = lines[at]!.indexOf('WHY');
  const words = lines[at]!.indexOf('POINT');
  return lines
    .slice(at + 1, -1)
    .map((line) => `${line.slice(column, column + 3).padEnd(3)}|${line.slice(words)}`);
}

test('points on the critical path are marked, gaps between them have lines, and findings their numbers', () => {
  const lines = shown(blocked);
  assert.match(lines[3]!, /^1\. One statement took 355 ms/);
  assert.match(
    lines.find((line) => line.startsWith('2. '))!,
    /The event loop was blocked for 300 ms/,
  );
  assert.deepEqual(tree(lines), [
    '*  |HTTP in  GET /orders → 200',
    '*  |├─ db  postgresql query select * from a',
    '   |├─ db  postgresql query select * from b · 1 row',
    '*2 |├─ event loop blocked',
    '*  |├─ db  select * from c · 1 row',
    '*1 |└─ db  update d · 1 row',
  ]);
});

test('a point that is busy with its own work has no line for that, unless a finding names it', () => {
  // A tenth of it is too little for a finding.
  const busy = (from: number, to: number): PointMade =>
    call('own', from, to, {
      name: 'render',
      startInfo: loop(from, 5),
      stopInfo: loop(from, 5),
    });
  const called = call('b', 590, 1000);
  const linesBelow = (from: number, to: number): string[] =>
    tree(shown([request, busy(from, to), called], { mostFindings: 1 }))
      .filter((line) => line.includes('render') || line.includes('blocked'))
      .map((line) => line.slice(0, 30));
  assert.deepEqual(linesBelow(575, 590), ['*  |├─ render']);
  assert.deepEqual(linesBelow(100, 590), ['*  |├─ render', '*1 |│  └─ event loop blocked']);
});

test('a gap of less than a hundredth of the trace has no line', () => {
  const between = (gap: number): PointMade[] => [request, call('a', 0, 500), call('b', 500 + gap, 1000)];
  const isNamed = (gap: number): boolean => shown(between(gap)).join('\n').includes('nothing recorded');
  assert.deepEqual([isNamed(9.9), isNamed(10)], [false, true]);
});

test('a gap says what the loop did, if its events tell it', () => {
  const gap = (idle: number, turn: number): string =>
    tree(
      shown([
        request,
        call('a', 0, 500, { stopInfo: loop(495, 5) }),
        call('b', 700, 1000, { startInfo: { db: { system: 'redis' }, ...loop(495 + idle, turn) } }),
      ]),
    )[2]!;
  assert.equal(gap(190, 9), '*3 |├─ nothing recorded  event loop waiting');
  // Two hundred short turns are much to do, and no block.
  assert.equal(gap(80, 205), '*3 |├─ nothing recorded  event loop busy for 60 % of it');
});

test('equal points share a line, with the mark of any of them and the number of their finding', () => {
  const calls = Array.from({ length: 20 }, (_, i) =>
    call(`c${i}`, i * 50, i * 50 + 48, {
      startInfo: { db: { statement: 'select * from items where id = $1' } },
    }),
  );
  const folded = tree(shown([request, ...calls]));
  assert.deepEqual(
    folded.slice(0, 2).map((line) => line.slice(0, 3)),
    ['*  ', '*1 '],
  );
  const each = tree(shown([request, ...calls], { unfold: true }));
  assert.equal(each.filter((line) => line.startsWith('*1 ')).length, 20);
});

test('gaps of equal points share a line too', () => {
  const calls = Array.from({ length: 5 }, (_, i): PointMade[] => [
    { name: 'visit', id: `v${i}`, parent: 'in', start: i * 200 * ms, stop: (i * 200 + 200) * ms },
    call(`q${i}`, i * 200 + 50, i * 200 + 200, { parent: `v${i}`, startInfo: { db: { system: 'mysql' } } }),
  ]).flat();
  const lines = tree(shown([request, ...calls]));
  assert.match(lines[1]!, /visit ×5/);
  assert.equal(lines[2], '*  |   ├─ nothing recorded ×5');
});

test('with no findings, the tree has neither marks nor lines of gaps', () => {
  const lines = shown(blocked, { mostFindings: 0 });
  assert.equal(lines.join('\n').includes('WHY'), false);
  assert.equal(lines.join('\n').includes('event loop'), false);
});

test('a finding that is not shown has no number in the tree', () => {
  assert.equal(tree(shown(blocked, { mostFindings: 1 }))[3], '*  |├─ event loop blocked');
});

test('lines keep to the width, and a gap is in italics on a terminal', () => {
  for (const width of [40, 80, 120]) {
    for (const line of shown(blocked, { width })) assert.ok(line.length <= width, line);
  }
  const gap = shown(blocked, { colour: true }).find((line) => line.includes('\u001b[3m'))!;
  assert.match(gap, /event loop blocked/);
});

test('of a host whose clock is wrong, the gap stands among its points', () => {
  const there = { service: 'stock', host: 'b' };
  const lines = tree(
    shown(
      [
        request,
        { name: 'http', id: 'out', parent: 'in', start: 0, stop: 1000 * ms },
        { name: 'wsgi', id: 'far', parent: 'out', start: 5000 * ms, stop: 6000 * ms, ...there },
        call('x', 5000, 5300, { parent: 'far', ...there }),
        call('y', 5500, 6000, { parent: 'far', ...there }),
      ].map((point) => ({ host: 'a', ...point })),
    ),
  );
  assert.deepEqual(
    lines.slice(3).map((line) => line.replace(/.*[├└]─ /, '')),
    [
      'db  postgresql query select * from x · 1 row',
      'nothing recorded',
      'db  postgresql query select * from y · 1 row',
    ],
  );
});

test('the pause between two tries is named', () => {
  const failed = { stopInfo: { etype: 'ECONNRESET', message: 'reset' } };
  const lines = tree(
    shown([
      request,
      call('c', 0, 200, failed),
      call('c2', 600, 1000, {
        startInfo: { db: { system: 'postgresql', operation: 'query', statement: 'select * from c' } },
      }),
    ]),
  );
  assert.match(lines[2]!, /├─ paused before the next try$/);
});
