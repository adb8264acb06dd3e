// The division of a trace's duration among its points: it has no rest, and it names what the trace waited for.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { analyse } from '../src/report/analysis/analyse.js';
import { buildTree } from '../src/report/tree.js';
import type { Event } from '../src/trace/event.js';
import { type PointMade, dice, eventsOf } from './fixtures/events.js';

type Made = PointMade & { readonly host?: string };

const traceOf = (points: readonly Made[]): Event[] =>
  points.flatMap(({ host = 'a', ...point }) =>
    eventsOf(point).map((event) => ({ ...event, info: { ...event.info, host } })),
  );

const analysisOf = (points: readonly Made[]) => analyse(buildTree(traceOf(points)));

/** `name what from-to` of each part. */
function partsOf(points: readonly Made[]): string[] {
  return analysisOf(points).segments.map(
    ({ span, what, from, to }) => `${span.point.trace_id} ${what} ${from}-${to}`,
  );
}

const dragsOf = (points: readonly Made[]): Record<string, number> =>
  Object.fromEntries(Array.from(analysisOf(points).stays, ([span, { drag }]) => [span.point.trace_id, drag]));

const request: Made = { name: 'wsgi', id: 'in', start: 0, stop: 1000 };
const call = (id: string, start: number, stop: number, more: Partial<Made> = {}): Made => ({
  name: 'db',
  id,
  parent: 'in',
  start,
  stop,
  ...more,
});

test('calls in a row share the time, and what lies between them is the request’s own', () => {
  assert.deepEqual(partsOf([request, call('a', 100, 300), call('b', 400, 900)]), [
    'in gap 0-100',
    'a self 100-300',
    'in gap 300-400',
    'b self 400-900',
    'in gap 900-1000',
  ]);
});

test('siblings that touch in the same microsecond, or overlap by a grain, are both on the path', () => {
  assert.deepEqual(partsOf([request, call('a', 0, 500), call('b', 500, 1000)]), [
    'a self 0-500',
    'b self 500-1000',
  ]);
  assert.deepEqual(partsOf([request, call('a', 0, 505), call('b', 500, 1000)]), [
    'a self 0-500',
    'b self 500-1000',
  ]);
});

test('of calls at once the last one to end counts, and before it began what had ended by then', () => {
  const atOnce = [request, call('a', 100, 400), call('b', 150, 900), call('c', 20, 110)];
  assert.deepEqual(partsOf(atOnce), [
    'in gap 0-20',
    'c self 20-110',
    'in child 110-150',
    'b self 150-900',
    'in gap 900-1000',
  ]);
  assert.deepEqual(dragsOf(atOnce), { in: 1000, b: 500, c: 90 });
});

test('the callee is cut to its caller’s wait, and is never left out', () => {
  const parts = partsOf([
    request,
    { name: 'http', id: 'out', parent: 'in', start: 100, stop: 500 },
    { name: 'wsgi', id: 'there', parent: 'out', start: 150, stop: 620 },
  ]);
  assert.deepEqual(parts, ['in gap 0-100', 'out gap 100-150', 'there self 150-500', 'in gap 500-1000']);
});

test('what goes on after its parent’s end has blocked nothing, unless it shows that it was waited for', () => {
  assert.deepEqual(partsOf([request, call('late', 200, 1500)]), ['in gap 0-200', 'in child 200-1000']);
  const sent: Made[] = [
    request,
    {
      name: 'rpc',
      id: 'sent',
      parent: 'in',
      start: 100,
      stop: 200,
      startInfo: { rpc: { kind: 'producer' } },
    },
    {
      name: 'rpc',
      id: 'handled',
      parent: 'sent',
      start: 120,
      stop: 190,
      startInfo: { rpc: { kind: 'consumer' } },
    },
  ];
  assert.deepEqual(partsOf(sent), [
    'in gap 0-100',
    'sent gap 100-120',
    'sent child 120-190',
    'sent gap 190-200',
    'in gap 200-1000',
  ]);
  const thread: Made[] = [
    request,
    { name: 'thread', id: 'thread', parent: 'in', start: 100, stop: 1700 },
    { name: 'thread_main', id: 'main', parent: 'thread', start: 300, stop: 1600 },
    { name: 'db', id: 'query', parent: 'main', start: 400, stop: 700 },
  ];
  assert.deepEqual(partsOf(thread).slice(0, 2), ['in gap 0-100', 'thread gap 100-300']);
  assert.equal(partsOf(thread).at(-1), 'in child 700-1000');
});

test('an unfinished point goes on to the end of the trace if all above it do, else to the last that is below it', () => {
  assert.deepEqual(
    partsOf([
      { name: 'wsgi', id: 'in', start: 0 },
      call('a', 100, 300),
      { name: 'db', id: 'b', parent: 'in', start: 900 },
      { name: 'x', id: 'x', parent: 'b', start: 950 },
    ]),
    ['in gap 0-100', 'a self 100-300', 'in gap 300-900', 'b gap 900-950'],
  );
  assert.deepEqual(partsOf([request, { name: 'db', id: 'lost', parent: 'in', start: 200 }]), [
    'in gap 0-1000',
  ]);
});

test('the clock of another host is set so that its work lies in its callers’ waits', () => {
  const skewed: Made[] = [
    request,
    { name: 'http', id: 'out', parent: 'in', start: 100, stop: 500 },
    { name: 'wsgi', id: 'there', parent: 'out', start: 5_000_150, stop: 5_000_450, host: 'b' },
    { name: 'db', id: 'query', parent: 'there', start: 5_000_200, stop: 5_000_300, host: 'b' },
  ];
  const { offsets, duration } = analysisOf(skewed);
  assert.deepEqual([...offsets], [['b', -5_000_000]]);
  assert.equal(duration, 1000);
  assert.deepEqual(partsOf(skewed), [
    'in gap 0-100',
    'out gap 100-150',
    'there gap 150-200',
    'query self 200-300',
    'there gap 300-450',
    'out gap 450-500',
    'in gap 500-1000',
  ]);
});

/** Any trace: overlaps, touching siblings, wrong clocks, missing starts and stops, circles, lost parents. */
function anyTrace(seed: number): Made[] {
  const roll = dice(seed);
  const many = 1 + roll(30);
  const grain = [1, 10, 100][roll(3)]!;
  const names = ['db', 'http', 'wsgi', 'rpc', 'thread', 'sql', 'own', 'left_out'];
  const shift = [0, roll(1_000_000), 0][roll(3)]!;
  return Array.from({ length: many }, (_, i): Made => {
    const isRoot = i === 0 || roll(12) === 0;
    const start = i === 0 ? 0 : roll(1000 / grain) * grain;
    const stop = i === 0 ? 1000 : start + roll(500 / grain) * grain;
    const host = roll(4) === 0 ? 'b' : 'a';
    const moved = host === 'b' ? shift : 0;
    const kind = ['client', 'server', 'producer', 'consumer'][roll(4)];
    const parent = roll(20) === 0 ? `p${roll(many)}` : roll(20) === 0 ? 'nobody' : `p${roll(Math.max(1, i))}`;
    return {
      name: names[roll(names.length)]!,
      id: `p${i}`,
      ...(isRoot ? {} : { parent }),
      ...(roll(15) === 0 ? {} : { start: start + moved }),
      ...(roll(15) === 0 ? {} : { stop: stop + moved }),
      startInfo: { rpc: { kind } },
      host,
    };
  });
}

test('the parts of ten thousand traces are their durations to the microsecond', () => {
  for (let seed = 1; seed <= 10_000; seed++) {
    const events = traceOf(anyTrace(seed));
    if (events.length === 0) continue;
    const { root, duration, segments, stays } = analyse(buildTree(events));
    let at = root.from;
    for (const { span, from, to } of segments) {
      assert.equal(from, at, `seed ${seed}: each part begins where the one before it ends`);
      assert.ok(to > from, `seed ${seed}: no part is empty`);
      const stay = stays.get(span)!;
      assert.ok(stay.from <= from && to <= stay.to, `seed ${seed}: a part lies within its point`);
      at = to;
    }
    assert.equal(at, root.to, `seed ${seed}: the last part ends with the trace`);
    assert.equal(at - root.from, duration);
    for (const { from, to, drag } of stays.values()) {
      assert.ok(drag >= 0 && drag <= to - from, `seed ${seed}: a drag is a part of the stay`);
    }
  }
});

test('a trace of 100,000 points, in a row, at once or below each other, is divided within its time', () => {
  const shapes: ((i: number) => Made)[] = [
    (i) => call(`p${i}`, i * 10, i * 10 + 9),
    (i) => call(`p${i}`, 0, i),
    (i) => call(`p${i}`, i, 1_000_000, { parent: i === 0 ? 'in' : `p${i - 1}` }),
  ];
  for (const shape of shapes) {
    const points = [{ ...request, stop: 1_000_000 }, ...Array.from({ length: 100_000 }, (_, i) => shape(i))];
    const { segments, duration } = analysisOf(points);
    assert.equal(
      segments.reduce((sum, { from, to }) => sum + to - from, 0),
      duration,
    );
  }
});
