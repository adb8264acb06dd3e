// What the report shows and is no work or no failure: counts of what was left out, and what a caller gave up.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { countErrors } from '../src/report/errors.js';
import { overviewOf } from '../src/report/overview.js';
import { renderTree } from '../src/report/text.js';
import { buildTree } from '../src/report/tree.js';
import type { Event, Info } from '../src/trace/event.js';
import { type PointMade, at, base_id, eventsOf } from './fixtures/events.js';

const plain = { width: undefined, colour: false } as const;

type LeftOut = Readonly<Record<string, unknown>>;

const told = (i: number, parent: string, left_out: LeftOut, more: Partial<PointMade> = {}): Event[] =>
  eventsOf({
    name: 'left_out',
    id: `told${parent}${i}`,
    parent,
    start: 9,
    stop: 9,
    startInfo: { left_out },
    ...more,
  });

const shared = { why: 'in callbacks that requests share' };
const late = { why: 'later work was not recorded' };

test('what was left out below a point is one line that adds it up by its reason, however many points tell of it', () => {
  const cases: readonly (readonly [readonly LeftOut[], string])[] = [
    [[{ late: 1, ...late }], 'later work was not recorded: 1 call'],
    [
      [
        { late: 4, ...late },
        { late: 10, ...late },
      ],
      'later work was not recorded: 14 calls',
    ],
    [Array.from({ length: 10 }, (_, calls) => ({ late: calls })), 'later work was not recorded: 45 calls'],
    [Array.from({ length: 6 }, () => ({ unknown: 2, ...shared })), `up to 12 calls, ${shared.why}`],
    [
      [
        { unknown: 3, ...shared },
        { late: 2 },
        { unknown: 1, why: 'else' },
        { late: 5 },
        { unknown: 4, ...shared },
      ],
      `later work was not recorded: 7 calls; up to 7 calls, ${shared.why}; up to 1 call, else`,
    ],
    [
      [{ gc: 2, gc_ms: 3.5 }, { late: 1 }, { gc: 30, gc_ms: 40 }],
      'later work was not recorded: 1 call; 32 more collections of garbage, 43.5 ms',
    ],
  ];
  for (const [all, text] of cases) {
    for (const parent of ['root', base_id]) {
      const events = [
        ...eventsOf({ name: 'wsgi', id: 'root', start: 0, stop: 9000 }),
        ...eventsOf({ name: 'task', id: 'task', parent: 'root', start: 1, stop: 2 }),
        ...all.flatMap((each, i) => told(i, parent, each)),
      ];
      const [, head, , , ...lines] = [...renderTree(buildTree(events), plain)];
      assert.match(head!, /^9\.00 ms · 2 points · shop\n$/);
      assert.equal(lines.length, 3);
      assert.ok(
        lines.some((line) => line.endsWith(`left out  ${text}\n`)),
        lines.join(''),
      );
      const unfolded = [...renderTree(buildTree(events), plain, false)].slice(4);
      assert.equal(unfolded.length, 2 + all.length, 'each has its line where that is asked for');
    }
  }
});

test('equal points are folded as if nothing had been left out of them, and show the sum of what was', () => {
  const request = (i: number): Event[] => [
    ...eventsOf({ name: 'http', id: `out${i}`, parent: 'root', start: i, stop: i + 5 }),
    ...eventsOf({ name: 'wsgi', id: `in${i}`, parent: `out${i}`, start: i, stop: i + 4, service: 'stock' }),
    ...(i % 2 === 0 ? told(i, `in${i}`, { late: i + 1, ...late }) : []),
  ];
  const events = [
    ...eventsOf({ name: 'wsgi', id: 'root', start: 0, stop: 9000 }),
    ...Array.from({ length: 6 }, (_, i) => request(i)).flat(),
  ];
  const [, head, , , ...lines] = [...renderTree(buildTree(events), plain)];
  assert.match(head!, / · 13 points · shop, stock · 10 folded, --unfold shows each\n$/);
  assert.deepEqual(
    lines.slice(1).map((each) =>
      each
        .replace(/^.*? (?:shop {5}|stock {4})/, '')
        .replace(/ · sum.*/, '')
        .trimEnd(),
    ),
    ['└─ HTTP out ×6', '   └─ HTTP in ×6', '      └─ left out  later work was not recorded: 9 calls'],
  );
});

test('a count of what was left out is no work: no answer of a service, no unfinished point, nothing a trace begins with', () => {
  const events = [
    ...told(1, base_id, { late: 1 }, { start: 0, stop: undefined } as never),
    ...eventsOf({ name: 'task', id: 'task', start: 1, stop: 9, startInfo: { function: { name: 'work' } } }),
    ...eventsOf({
      name: 'http',
      id: 'out',
      parent: 'task',
      start: 2,
      stop: 3,
      stopInfo: { requests: { signed: true } },
    }),
    ...told(2, 'out', { late: 1 }, { stopInfo: { etype: 'Error' } }),
  ];
  const tree = buildTree(events);
  const text = [...renderTree(tree, plain)].join('');
  assert.match(text, /^[^\n]*\n9 µs · 2 points · 1 call without an answer in the trace · shop\n/);
  const overview = overviewOf({ base_id, timestamp: at(0) }, { events, skipped: 0 });
  assert.deepEqual([overview?.what, overview?.errors, overview?.unfinished], ['task work', 0, 0]);
});

test('an application’s own points called left_out are work', () => {
  const events = Array.from({ length: 6 }, (_, i) =>
    eventsOf({
      name: 'left_out',
      id: `${i}`,
      start: i,
      stop: i + 1,
      stopInfo: { etype: 'Error', message: 'x' },
    }),
  ).flat();
  const [, head, , , ...lines] = [...renderTree(buildTree(events), plain)];
  assert.match(head!, / · 6 points · 6 errors · shop · 5 folded/);
  assert.equal(lines.length, 1);
});

test('collections of garbage below a point are one line, and are no points of work', () => {
  const gc = (i: number, kind: string, run: Info = {}): Event[] =>
    eventsOf({
      name: 'gc',
      id: `gc${i}`,
      parent: 'root',
      start: 100 * i,
      stop: 100 * i + 50,
      startInfo: { gc: { kind, ...run } },
    });
  const of = (...collections: readonly Event[][]): string[] => {
    const events = [
      ...eventsOf({ name: 'wsgi', id: 'root', start: 0, stop: 9000 }),
      ...eventsOf({ name: 'task', id: 'task', parent: 'root', start: 1, stop: 2 }),
      ...collections.flat(),
    ];
    const [, head, , , , ...lines] = [...renderTree(buildTree(events), plain)];
    assert.match(head!, /^9\.0+ ms · 2 points · shop\n/);
    return lines.slice(1).map((line) => line.replace(/^.*(?=garbage)/, '').trimEnd());
  };
  assert.deepEqual(of(gc(1, 'major')), ['garbage collection  major']);
  assert.deepEqual(of(gc(1, 'minor', { collections: 7, ms: 0.03 })), [
    'garbage collection  minor · 7 collections · 30 µs in all',
  ]);
  // The time between the collections of a run is none of theirs.
  assert.deepEqual(of(gc(1, 'minor'), gc(2, 'minor', { collections: 7, ms: 0.03 })), [
    'garbage collection ×2  · sum 80 µs · p50 30 µs · max 50 µs',
  ]);
  assert.deepEqual(of(gc(1, 'minor'), gc(2, 'minor')), [
    'garbage collection ×2  minor · sum 100 µs · p50 50 µs · max 50 µs',
  ]);
  assert.deepEqual(
    of(gc(1, 'minor'), gc(2, 'major'), told(1, 'root', { late: 1 }, { start: 400, stop: 400 })).slice(0, 1),
    ['garbage collection ×2  · sum 100 µs · p50 50 µs · max 50 µs'],
  );
});

// ---- what a caller gave up

test('a request that its caller in the trace gave up is no failure, on its line, in the head and in the list', () => {
  const aborted = { etype: 'Aborted', message: 'the connection was closed before the response was complete' };
  const call = (i: number, client: Info, name = 'http'): Event[] => [
    ...eventsOf({ name, id: `out${i}`, parent: 'root', start: i, stop: i + 3, stopInfo: client }),
    ...eventsOf({ name: 'wsgi', id: `in${i}`, parent: `out${i}`, start: i, stop: i + 2, stopInfo: aborted }),
  ];
  const root = eventsOf({ name: 'wsgi', id: 'root', start: 0, stop: 90 });
  const show = (calls: readonly Event[], isFolded = true): [string[], number | undefined] => {
    const events = [...root, ...calls];
    const lines = [...renderTree(buildTree(events), plain, isFolded)].slice(5);
    const said = lines.map((each) =>
      each
        .replace(/^.*? shop {5}/, '')
        .replace(/ · sum.*?max \d+ µs/, '')
        .trimEnd(),
    );
    return [said, overviewOf({ base_id, timestamp: at(0) }, { events, skipped: 0 })?.errors];
  };
  const cancelled = { cancelled: true };
  for (const [name, label] of [
    ['http', 'HTTP out'],
    ['https', 'HTTP out'],
  ] as const) {
    assert.deepEqual(show(call(1, cancelled, name)), [
      [`└─ ${label}  cancelled`, '   └─ HTTP in  cancelled by its caller'],
      0,
    ]);
  }
  const failed = '✗ Aborted: the connection was closed before the response was complete';
  assert.deepEqual(show(call(1, {})), [['└─ HTTP out', `   └─ HTTP in  ${failed}`], 1]);
  assert.deepEqual(show(call(1, cancelled, 'work'))[1], 1, 'no client’s point');
  // Equal calls: those that were given up stay apart from those that were not.
  const many = Array.from({ length: 12 }, (_, i) => call(i, i % 2 === 0 ? cancelled : {})).flat();
  assert.deepEqual(show(many), [
    [
      '├─ HTTP out ×6  cancelled',
      '│  └─ HTTP in ×6  cancelled by its caller',
      '└─ HTTP out ×6',
      `   └─ HTTP in ×6  ${failed}`,
    ],
    6,
  ]);
  const coloured = [...renderTree(buildTree([...root, ...call(1, cancelled)]), { width: 120, colour: true })];
  assert.ok(!coloured.join('').includes('\u001b[31m'), 'nothing of it is red');
});

test('a remote procedure call is one event at both of its ends: given up, late, or failed with a status', () => {
  const call = (client: Info, server: Info, name = 'rpc'): readonly [number, string] => {
    const tree = buildTree([
      ...eventsOf({ name, id: 'client', start: 1, stop: 4, stopInfo: client }),
      ...eventsOf({ name: 'rpc', id: 'server', parent: 'client', start: 2, stop: 3, stopInfo: server }),
    ]);
    return [countErrors(tree), [...renderTree(tree, plain)].join('')];
  };
  const aborted = { etype: 'Aborted', message: 'the connection was closed before the response was complete' };
  const cancelled = { cancelled: true, rpc: { status: 'CANCELLED' } };
  const [none, text] = call(cancelled, aborted);
  assert.equal(none, 0);
  assert.match(text, /cancelled by its caller/);
  assert.equal(call(cancelled, aborted, 'work')[0], 1, 'no end of the same call');
  const overdue = (message: string): Info => ({ etype: 'DEADLINE_EXCEEDED', message });
  assert.equal(call(overdue('Deadline exceeded after 0.2s'), overdue('Deadline exceeded'))[0], 1);
  assert.equal(call(overdue('Deadline exceeded after 0.2s'), overdue('Deadline exceeded'), 'work')[0], 2);
  const refused = (message: string): Info => ({ etype: 'INVALID_ARGUMENT', message });
  assert.equal(call(refused('not so'), refused('not so'))[0], 1);
  assert.equal(call(refused('not so'), refused('another'))[0], 2);
});

test('a call that has carried the trace to a server which says nothing is unanswered', () => {
  const tree = buildTree(
    eventsOf({ name: 'rpc', id: '1', start: 1, stop: 2, stopInfo: { rpc: { status: 'OK', signed: true } } }),
  );
  assert.match([...renderTree(tree, plain)].join(''), /1 call without an answer in the trace/);
});
