// What the page gets of a trace: columns that are true, parts that add up, and nothing that ends an element of HTML.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { flag } from '../src/report/page/page-trace.js';
import type { PageTrace } from '../src/report/page/page-trace.js';
import { pageFile, policyOf, servedPage } from '../src/report/page/html.js';
import { pageOf } from '../src/report/page/page.js';
import { piecesOf } from '../src/report/page/found.js';
import { findingsOf } from '../src/report/findings/findings.js';
import { buildTree } from '../src/report/tree.js';
import type { Event } from '../src/trace/event.js';
import { base_id, eventsOf, shopTrace } from './fixtures/events.js';
import { hostileTrace, randomTrace } from './fixtures/odd-traces.js';
import { slowOrder } from './fixtures/page-traces.js';

const pageOfEvents = (events: readonly Event[]): PageTrace => pageOf(buildTree(events)).trace;
const template = `<head><meta http-equiv="Content-Security-Policy" content="default-src 'none'; connect-src 'none'" /></head><body></body>`;

test('each part begins where the one before it ends, and the last one ends with the request', () => {
  for (let seed = 0; seed < 300; seed++) {
    const events = randomTrace(seed);
    const { parts, keys, duration } = pageOfEvents(events);
    assert.equal(parts.to.length, parts.key.length);
    for (const [index, to] of parts.to.entries()) assert.ok(to > (parts.to[index - 1] ?? 0), `seed ${seed}`);
    assert.ok(parts.key.every((key) => keys[key] !== undefined));
    assert.equal(parts.to.at(-1) ?? 0, duration, `seed ${seed}`);
  }
});

test('points stand after the point above, and no part of a point is longer than the point', () => {
  for (let seed = 0; seed < 300; seed++) {
    const { points, count, path } = pageOfEvents(randomTrace(seed));
    for (const [index, parent] of points.parent.entries()) {
      assert.ok(parent < index, `seed ${seed}`);
      assert.ok(points.end[index]! >= points.start[index]!);
      assert.ok(points.self[index]! >= 0 && points.self[index]! <= points.end[index]! - points.start[index]!);
    }
    const isWhole = (points.flags[0]! & flag.whole) !== 0;
    assert.equal(points.start.length, count + (isWhole ? 1 : 0));
    for (const [index, point] of path.point.entries()) {
      assert.ok(path.from[index]! >= points.start[point]! && path.to[index]! >= path.from[index]!);
    }
  }
});

test('the slow page of an order: its parts are named, and its findings lead to rows', () => {
  const { keys, findings, gaps, points, texts, notes, errors, unfinished, services } = pageOfEvents(
    slowOrder.events,
  );
  const labels = keys.map(({ label }) => label);
  for (const label of [
    'pool wait',
    '24 × select reviews',
    'event loop blocked',
    'pause',
    'stock: 503',
    'rates',
  ]) {
    assert.ok(labels.includes(label), `${label} is not among ${labels.join(', ')}`);
  }
  assert.deepEqual(services, ['shop', 'stock', 'rates', 'mailer']);
  assert.deepEqual([errors, unfinished], [1, 2]);
  assert.deepEqual(
    gaps.map(({ label }) => label),
    ['waited for a connection of the pool', 'paused before the next try', 'event loop blocked'],
  );
  const blocked = findings.find(({ kind }) => kind === 'blocked')!;
  assert.deepEqual(blocked.target, { gap: 2 });
  const repeats = findings.find(({ kind }) => kind === 'repeats')!;
  assert.deepEqual(repeats.target, { repeat: 0 });
  assert.equal(points.repeat.filter((repeat) => repeat === 0).length, 24);
  assert.equal(keys.find(({ label }) => label.startsWith('24 ×'))!.finding, findings.indexOf(repeats) + 1);
  assert.ok(notes.some((note) => note.includes('later work was not recorded')));
  const failed = points.flags.flatMap((bits, index) =>
    bits & flag.began ? [texts[points.label[index]!]] : [],
  );
  assert.deepEqual(failed, ['select sku, shelf, free from shelves where sku in (?) for update']);
});

test('the findings of the page are those of the report, in their order', () => {
  const { findings } = pageOfEvents(slowOrder.events);
  const told = findingsOf(buildTree(slowOrder.events)).findings.filter(
    ({ kind }) => kind !== 'skew' && kind !== 'left-out',
  );
  const plain = (text: string): string => text.replaceAll('\u00a0', ' ');
  assert.deepEqual(
    findings.map(({ sentence }) => plain(sentence.map(({ text }) => text).join(''))),
    told.map(({ sentence }) => sentence),
  );
});

test('a sentence has its time and its place in code marked', () => {
  assert.deepEqual(piecesOf('24 × select: 189 ms, 23 % (src/a.js:4, in f).'), [
    { text: '24 × select: ' },
    { text: '189\u00a0ms, 23\u00a0%', style: 'figure' },
    { text: ' (' },
    { text: 'src/a.js:4, in f', style: 'code' },
    { text: ').' },
  ]);
  assert.deepEqual(piecesOf('Nothing with a number.'), [{ text: 'Nothing with a number.' }]);
});

test('the place of a repeat in the code is marked in what the page gets', () => {
  const marked = pageOfEvents(slowOrder.events).findings.flatMap(({ sentence }) =>
    sentence.filter(({ style }) => style === 'code').map(({ text }) => text),
  );
  assert.deepEqual(marked, ['src/reviews.mjs:41, in reviewsOf']);
});

test('a statement and its call are one row, and a call of two statements is none', () => {
  const { points, texts } = pageOfEvents(shopTrace());
  const merged = points.flags.flatMap((bits, index) =>
    bits & flag.merged ? [texts[points.label[index]!]] : [],
  );
  assert.deepEqual(merged, ['SELECT id, total FROM orders WHERE id = $1']);
});

test('a trace that is deeper than any stack has a page', () => {
  const depth = 30_000;
  const events = Array.from({ length: depth }, (_, i) =>
    eventsOf({
      name: 'task',
      id: `p${i}`,
      parent: i === 0 ? base_id : `p${i - 1}`,
      start: i,
      stop: 2 * depth - i,
    }),
  ).flat();
  const { points, duration } = pageOfEvents(events);
  assert.equal(points.start.length, depth);
  assert.equal(duration, 2 * depth);
});

test('data ends no element of the page, and its policy is the header of a server', () => {
  const page = pageOf(buildTree(hostileTrace()));
  const file = [...pageFile(template, page, () => assert.fail('it is small'))].join('');
  const data = file.slice(file.indexOf('<body>') + 6, file.lastIndexOf('</body>'));
  for (const element of data.trim().split('\n')) {
    const [, json = ''] =
      /^<script type="application\/json" id="[\w-]+">([^<]*)<\/script>$/.exec(element) ?? [];
    assert.doesNotThrow(() => JSON.parse(json) as unknown, element);
  }
  assert.ok(!/[\ud800-\udfff]/u.test(data), 'a lone surrogate would be another character in the file');
  assert.equal(policyOf(template), "default-src 'none'; connect-src 'none'");
  assert.equal(policyOf(servedPage(template)), "default-src 'none'; connect-src 'self'");
  assert.throws(() => policyOf('<head></head>'), /npm run build/);
});

test('long data is compressed, and events are in pieces of their own', () => {
  const events = Array.from({ length: 2200 }, (_, i) =>
    eventsOf({
      name: 'task',
      id: `p${i}`,
      parent: i === 0 ? base_id : 'p0',
      start: i,
      stop: i === 0 ? 5000 : i + 2,
    }),
  ).flat();
  const page = pageOf(buildTree(events));
  assert.equal(page.pieces, 5);
  assert.deepEqual(
    [0, 1, 4].map((piece) => page.eventsOf(piece).length),
    [500, 500, 200],
  );
  const compressed: string[] = [];
  const compress = (text: string): string => `#${compressed.push(text)}`;
  const file = [...pageFile(template, page, compress)].join('');
  assert.ok(file.includes('<script type="application/gzip" id="trace">#1</script>'));
  assert.equal(compressed[0], JSON.stringify(page.trace));
});
