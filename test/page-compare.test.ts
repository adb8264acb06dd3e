// Two traces beside each other as data: everything adds up, whatever the traces are.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { diff } from '../src/report/diff.js';
import { comparisonOf } from '../src/report/page/compare.js';
import type { ComparedTrace, PageComparison } from '../src/report/page/comparison.js';
import { buildTree } from '../src/report/tree.js';
import type { Event } from '../src/trace/event.js';
import { shopTrace } from './fixtures/events.js';
import { fastOrder } from './fixtures/fast-order.js';
import { deepTrace, hostileTrace, randomTrace } from './fixtures/odd-traces.js';
import { largeTrace, slowOrder } from './fixtures/page-traces.js';

const compare = (a: readonly Event[], b: readonly Event[]): PageComparison =>
  comparisonOf(buildTree(a), buildTree(b));

function assertWhole({ duration, parts }: ComparedTrace, selves: readonly number[]): void {
  const sums = selves.map(() => 0);
  let at = 0;
  for (const [index, to] of parts.to.entries()) {
    assert.ok(to > at, `part ${index} ends at ${to} and begins at ${at}`);
    sums[parts.key[index]!]! += to - at;
    at = to;
  }
  assert.equal(at, duration, 'the parts are not all of the duration');
  assert.deepEqual(sums, selves, 'a step is not the sum of its parts');
}

function assertSums({ steps, difference, a, b }: PageComparison): void {
  assert.equal(
    steps.reduce((sum, step) => sum + step.difference, 0),
    difference,
  );
  assert.equal(difference, b.duration - a.duration);
  assertWhole(
    a,
    steps.map((step) => step.a?.self ?? 0),
  );
  assertWhole(
    b,
    steps.map((step) => step.b?.self ?? 0),
  );
}

test('the steps of two orders name what made one of them slow', () => {
  const compared = compare(fastOrder.events, slowOrder.events);
  assertSums(compared);
  const told = compared.steps.slice(0, 5).map(({ label, detail, change, a, b }) => ({
    said: `${label} ${detail}`.trim(),
    change,
    counts: [a?.count, b?.count],
  }));
  assert.deepEqual(told, [
    { said: 'event loop blocked in showOrder', change: 'new', counts: [undefined, 1] },
    {
      said: 'select stars, body from reviews where sku = ? limit ?',
      change: 'more',
      counts: [3, 24],
    },
    {
      said: 'pool wait in select id, customer, city, total from orders where id = ?',
      change: 'new',
      counts: [undefined, 1],
    },
    {
      said: 'select sku, shelf, free from shelves where sku in (?) for update',
      change: 'more',
      counts: [1, 2],
    },
    { said: 'pause in showOrder', change: 'new', counts: [undefined, 1] },
  ]);
  const sentence = compared.sentence.map(({ text }) => text).join('');
  assert.match(
    sentence,
    /^B took 593 ms longer than A: event loop blocked \(\+310 ms\), 21 more × select stars/,
  );
});

test('the other way round, what was new is gone and faster', () => {
  const compared = compare(slowOrder.events, fastOrder.events);
  assertSums(compared);
  assert.equal(compared.steps[0]!.change, 'gone');
  assert.equal(compared.steps[1]!.change, 'fewer');
  const sentence = compared.sentence.map(({ text }) => text).join('');
  assert.match(sentence, /^B took 593 ms less than A: event loop blocked \(−310 ms\), 21 fewer × select/);
});

test('all differences sum up to the difference of the durations', () => {
  const traces = [
    shopTrace(),
    slowOrder.events,
    fastOrder.events,
    deepTrace(3000),
    hostileTrace(),
    ...Array.from({ length: 25 }, (_, seed) => randomTrace(seed)),
  ];
  for (const [index, events] of traces.entries()) {
    assertSums(compare(events, traces[(index + 1) % traces.length]!));
    assertSums(compare(events, events));
  }
});

test('a trace beside itself has no difference, and says so', () => {
  const compared = compare(slowOrder.events, slowOrder.events);
  assert.ok(compared.steps.every(({ difference }) => difference === 0));
  assert.equal(
    compared.sentence.map(({ text }) => text).join(''),
    'B took as long as A: no part of it differs.',
  );
  assert.ok(compared.cautions.includes('A and B are the same trace'));
});

test('waiting and blocking are apart, and together with the work they are what the terminal tells', () => {
  const [a, b] = [buildTree(fastOrder.events), buildTree(slowOrder.events)];
  const told = diff(a, b).groups.find(({ kind }) => kind === 'showOrder')!;
  const steps = comparisonOf(a, b).steps.filter(
    ({ label, detail }) => label === 'showOrder' || detail === 'in showOrder',
  );
  assert.equal(steps.length, 3);
  assert.equal(
    steps.reduce((sum, step) => sum + step.difference, 0),
    told.difference,
  );
});

test('traces of 50,000 points are compared in seconds', () => {
  const before = process.cpuUsage();
  const compared = compare(largeTrace(50_000), largeTrace(40_000));
  assertSums(compared);
  const { user } = process.cpuUsage(before);
  assert.ok(user < 30e6, `${user / 1e6} s of CPU time`);
});
