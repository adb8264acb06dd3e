import assert from 'node:assert/strict';

import { type Arbitrary, array, boolean, constantFrom, jsonValue, nat, oneof, record } from 'fast-check';

import { stringifyReport } from '../../src/report/json.js';
import { buildReport } from '../../src/report/report.js';
import { diff } from '../../src/report/diff.js';
import { renderDiff } from '../../src/report/diff-text.js';
import { StatsOf } from '../../src/report/stats.js';
import { renderStats } from '../../src/report/stats-text.js';
import { renderTree } from '../../src/report/text.js';
import { type TreePoint, buildTree } from '../../src/report/tree.js';
import type { Event } from '../../src/trace/event.js';
import { isUuid } from '../../src/trace/ids.js';
import { parseEvent, parseTimestamp } from '../../src/trace/parse.js';
import { at, base_id, shopTrace } from '../fixtures/events.js';
import { anyText, mutated, propertyNames } from './mutations.js';
import { target } from './target.js';

const kinds = [
  'wsgi',
  'http',
  'https',
  'db',
  'sql',
  'rpc',
  'command',
  'thread',
  'thread_main',
  'process',
] as const;
const groups = [
  'request',
  'requests',
  'response',
  'db',
  'rpc',
  'function',
  'command',
  'thread',
  'process',
] as const;
const members = [
  'path',
  'query',
  'method',
  'status_code',
  'hostname',
  'port',
  'system',
  'statement',
  'rows',
] as const;
const more = ['name', 'file', 'args', 'pid', 'exit_code', 'signal', 'etype', 'message', 'host'] as const;

const memberName = oneof(constantFrom(...members, ...more), constantFrom(...propertyNames), anyText);
const member: Arbitrary<unknown> = oneof(anyText, constantFrom(0, -1, 1e300, 503, null, true), jsonValue());

/** An object with hostile names: by its entries, because `__proto__` is no name in a literal. */
function object(name: Arbitrary<string>, value: Arbitrary<unknown>): Arbitrary<object> {
  return array(record({ name, value }), { maxLength: 4 }).map((entries) =>
    Object.fromEntries(entries.map((entry) => [entry.name, entry.value])),
  );
}

const info = object(
  oneof(constantFrom(...groups, ...more), memberName),
  oneof(object(memberName, member), member),
);

// Few, so that points meet, double and go in circles.
const id = oneof(constantFrom('a', 'b', 'c', 'd', 'e', base_id, ...propertyNames), anyText);
const time = oneof(
  nat(10_000_000).map(at),
  constantFrom('0000-01-01T00:00:00', '9999-12-31T23:59:59.999999999Z', '2026-02-30T00:00:00.1'),
);
const name = oneof(constantFrom(...kinds), constantFrom(...propertyNames), anyText);

/** The fields of an event, with what a store may hold in them. */
const fields: Arbitrary<object> = record({
  name: record({ name, kind: constantFrom('-start', '-stop', '-start', '-stop', '') }).map(
    (n) => n.name + n.kind,
  ),
  base_id: constantFrom(base_id, base_id.toUpperCase()),
  trace_id: id,
  parent_id: id,
  timestamp: time,
  info: oneof(info, info, constantFrom(null, undefined)),
  project: oneof(anyText, constantFrom(null, 7)),
  service: oneof(anyText, constantFrom(null, 7, undefined)),
});

const good = shopTrace().map((event) => JSON.stringify(event));
const line: Arbitrary<string> = oneof(
  fields.map((event) => JSON.stringify(event)),
  mutated(constantFrom(...good)),
);
/** The stored lines of a trace. */
export const lines: Arbitrary<string[]> = array(line, { maxLength: 12 });

function checkLine(text: string): void {
  const event = parseEvent(text);
  if (event === undefined) return;
  assert.ok(event.name !== '' && event.trace_id !== '' && event.parent_id !== '');
  assert.ok(isUuid(event.base_id));
  assert.ok(Number.isFinite(parseTimestamp(event.timestamp)));
  assert.ok(typeof event.info === 'object' && !Array.isArray(event.info));
  for (const text_ of [event.project, event.service]) assert.ok(text_ === null || typeof text_ === 'string');
  // As text: a number like 1e999 is read as one that JSON can't write.
  const written = JSON.stringify(event);
  assert.equal(JSON.stringify(parseEvent(written)), written, 'read once more it is the same');
}

// What a terminal prints and does nothing else with; colours are framed by escapes of our own.
const plainLine = /^[^\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]*\n$/u;
// oxlint-disable-next-line no-control-regex -- what `styleText` writes
const colours = /\u001b\[\d{1,2}m/g;

interface Shown {
  readonly texts: readonly string[];
  readonly width: number | undefined;
  readonly colour: boolean;
}

function checkTrace({ texts, width, colour }: Shown): void {
  const events = texts.map(parseEvent).filter((event): event is Event => event !== undefined);
  if (events.length === 0) return;
  const tree = buildTree(events);
  const seen = new Set<TreePoint>();
  const open = [...tree.roots];
  for (let point = open.pop(); point !== undefined; point = open.pop()) {
    assert.ok(!seen.has(point), 'a point is in the tree twice');
    seen.add(point);
    open.push(...point.children);
  }
  assert.equal(seen.size, tree.points.length, 'a point is missing in the tree');
  assert.equal(tree.points.length, new Set(events.map((event) => event.trace_id)).size);

  const printed = [...renderTree(tree, { width, colour })];
  assert.equal(printed.length, 4 + tree.points.length, 'a line for each point');
  for (const text of printed) assert.match(text.replaceAll(colours, ''), plainLine);

  const part = buildTree(events.slice(events.length >> 1));
  const compared = diff(tree, part);
  const sum = compared.groups.reduce((all, group) => all + group.difference, compared.rest.difference);
  // Centuries are no whole number of microseconds any more.
  if (Number.isSafeInteger(tree.total)) assert.equal(sum, compared.difference);
  const stats = new StatsOf();
  for (const each of [tree, part]) stats.add(each);
  for (const text of [
    ...renderDiff(compared, { width, colour }, Infinity),
    ...renderStats(stats.result(), { width, colour }, 3),
  ]) {
    for (const each of text.replaceAll(colours, '').split('\n')) assert.match(`${each}\n`, plainLine);
  }

  const report = buildReport(events);
  const json = [...stringifyReport(report)].join('');
  assert.match(json, /^[\n -~]*$/);
  assert.equal(JSON.stringify(JSON.parse(json)), JSON.stringify(report), 'the text says what the report is');
}

export const storedTargets = [
  target({
    name: 'stored lines: each is an event with the fields of one, or none',
    share: 145,
    input: line,
    check: checkLine,
  }),
  target({
    name: 'stored traces: the tree has each point once, the text is safe to print, the report is JSON',
    share: 25,
    input: record({ texts: lines, width: constantFrom(undefined, 1, 40, 80, 120), colour: boolean() }),
    check: checkTrace,
  }),
];
