// A report that was saved as JSON becomes a trace again, whoever wrote it.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { stringifyReport } from '../src/report/json.js';
import { type Report, buildReport } from '../src/report/report.js';
import { type SavedTrace, readReport } from '../src/report/saved.js';
import { buildTree } from '../src/report/tree.js';
import type { Event } from '../src/trace/event.js';
import { base_id, eventsOf, shopTrace } from './fixtures/events.js';
import { deepTrace, hostileTrace, randomTrace } from './fixtures/odd-traces.js';

const textOf = (report: Report): string => [...stringifyReport(report)].join('');
const saved = (events: readonly Event[]): SavedTrace => {
  const trace = readReport(JSON.parse(textOf(buildReport(events))));
  return trace ?? assert.fail('no report');
};

interface Named {
  readonly name: string;
  readonly report?: Report;
}
interface Golden {
  readonly cases: readonly Named[];
  readonly databases: Readonly<Record<string, { readonly report: Report }>>;
  readonly report: Report;
  readonly get_report: { readonly result: Report };
  readonly trace_show_json: { readonly stdout: string };
}
const golden = (name: string): Golden =>
  JSON.parse(readFileSync(`test/golden/${name}.json`, 'utf8')) as Golden;

const { databases } = golden('sqlalchemy');

// What OSProfiler's command has printed, for each of its stores.
const reports: readonly Named[] = [
  // A report has one start of each point.
  ...golden('report_cases').cases.filter(({ name }) => name !== 'same point started twice'),
  ...Object.entries(databases).map(([name, { report }]) => ({ name, report })),
  { name: 'messaging', report: golden('messaging').report },
  { name: 'mongodb', report: golden('mongodb').get_report.result },
  { name: 'elasticsearch', report: golden('elasticsearch').get_report.result },
  { name: 'redis', report: JSON.parse(golden('redis').trace_show_json.stdout) as Report },
];

for (const { name, report } of reports) {
  if (report === undefined) continue;
  test(`OSProfiler's saved report is read, and makes the same report: ${name}`, () => {
    const trace = readReport(structuredClone(report))!;
    assert.equal(trace.skipped, 0);
    assert.deepEqual(buildReport(trace.events, trace.reported), report);
  });
}

test('a saved report of ours makes the same tree', () => {
  for (const events of [shopTrace(), hostileTrace(), ...[1, 2, 3, 4, 5].map(randomTrace)]) {
    const trace = saved(events);
    assert.equal(trace.skipped, 0);
    assert.deepEqual([trace.base_id, trace.rounded, trace.isDated], [base_id, 0, true]);
    const byId = (a: Event, b: Event): number =>
      `${a.trace_id} ${a.name}` < `${b.trace_id} ${b.name}` ? -1 : 1;
    const written = JSON.parse(JSON.stringify(events)) as Event[];
    assert.deepEqual(trace.events.toSorted(byId), written.toSorted(byId));
  }
});

test('a saved report may be deeper than the stack', () => {
  assert.equal(saved(deepTrace(50_000)).events.length, 100_000);
});

test('what a database reports has whole milliseconds, and no date and no id', () => {
  const { report } = databases['sqlite']!;
  const { events, rounded, isDated, base_id: id } = readReport(report)!;
  assert.deepEqual([rounded, isDated, id], [events.length, false, '00000000-0000-0000-0000-000000000000']);
  const tree = buildTree(events);
  assert.equal(tree.startedAt, 0);
  assert.equal(tree.total, report.info.finished * 1000);
  assert.ok(tree.points.every(({ started = 0 }) => started % 1000 === 0));
});

test('an event without its time beside whole ones has its place among them', () => {
  const [start, stop] = eventsOf({ name: 'db', id: 'a', start: 1_500, stop: 9_700 });
  const [first] = eventsOf({ name: 'wsgi', id: 'in', start: 250 });
  const report = buildReport([first!, start!, stop!]) as unknown as {
    children: { info: Record<string, unknown> }[];
  };
  const inner = report.children.find(({ info }) => info['name'] === 'db')!;
  inner.info['meta.raw_payload.db-stop'] = { info: { rows: 1 } };
  const tree = buildTree(readReport(report)!.events);
  const db = tree.points.find(({ name }) => name === 'db')!;
  assert.deepEqual([db.started, db.finished, db.stopInfo], [1250, 9000, { rows: 1 }]);
});

const whole = eventsOf({ name: 'wsgi', id: 'in', start: 0, stop: 9 });
const payloads = { 'meta.raw_payload.wsgi-start': whole[0], 'meta.raw_payload.wsgi-stop': whole[1] };
const point = (info: unknown): object => ({ info, trace_id: 'in', parent_id: base_id, children: [] });
const other = { ...whole[0]!, base_id: '00000000-0000-4000-8000-00000000000f' };

test('bad parts of a saved report are counted, and good ones are kept', () => {
  const parts: readonly (readonly [unknown, skipped: number])[] = [
    [null, 1],
    ['text', 1],
    [[], 1],
    [{}, 1],
    [point(undefined), 1],
    [point({ started: 1 }), 1],
    [point({ 'meta.raw_payload.a-start': null }), 1],
    [point({ 'meta.raw_payload.a-start': 'x', 'meta.raw_payload.a-stop': { info: {} } }), 2],
    [point({ 'meta.raw_payload.a-start': { ...whole[0], timestamp: 'yesterday' } }), 1],
    [point({ 'meta.raw_payload.a-start': other }), 1],
    [point({ started: -1, 'meta.raw_payload.a-start': { info: {} } }), 1],
    [point({ started: 1e300, 'meta.raw_payload.a-start': { info: {} } }), 1],
    [point({ started: '1', 'meta.raw_payload.a-start': { info: {} } }), 1],
    [{ info: { started: 1, 'meta.raw_payload.a-start': { info: {} } }, trace_id: {}, parent_id: 'x' }, 1],
    [{ ...point(payloads), children: { length: 3 } }, 0],
  ];
  for (const [part, skipped] of parts) {
    const report = { children: [point(payloads), part], info: null };
    const trace = readReport(JSON.parse(JSON.stringify(report)))!;
    assert.equal(trace.skipped, skipped, JSON.stringify(part));
    assert.equal(trace.base_id, base_id);
    assert.ok(trace.events.length >= 2);
  }
});

test('a point may hold any number of parts', () => {
  const many = Array.from({ length: 300_000 }, (_, i) => [`meta.raw_payload.${i}-start`, null]);
  assert.equal(readReport({ children: [point(Object.fromEntries(many))] })!.skipped, 300_000);
});

test('what is no report is none', () => {
  for (const value of [null, 1, 'x', [], {}, { children: {} }, [{ children: [] }]]) {
    assert.equal(readReport(value), undefined);
  }
  assert.equal(readReport({ children: [] })!.events.length, 0);
});

test('names of JSON that mean something to JavaScript are only names', () => {
  const info = '{"started":1,"meta.raw_payload.__proto__":{"info":{"__proto__":{"polluted":true}}}}';
  const text = `{"children":[{"info":${info},"trace_id":"__proto__","parent_id":"constructor","__proto__":[]}],"__proto__":{}}`;
  const { events } = readReport(JSON.parse(text))!;
  assert.equal(events.length, 1);
  assert.equal(buildTree(events).points.length, 1);
  assert.equal(({} as { polluted?: unknown }).polluted, undefined);
});
