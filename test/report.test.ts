// The report of a trace, as text and as JSON, whatever the events are.
// needs: time
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';

import { about } from '../src/report/about.js';
import { ago, clean, cut, duration, share, widthOf } from '../src/report/format.js';
import { stringifyReport } from '../src/report/json.js';
import { type Report, buildReport } from '../src/report/report.js';
import { renderTree } from '../src/report/text.js';
import { type Tree, buildTree } from '../src/report/tree.js';
import type { Event, Info } from '../src/trace/event.js';
import { parseEvent, parseTimestamp } from '../src/trace/parse.js';
import { type PointMade, at, base_id, dice, eventsOf, shopTrace } from './fixtures/events.js';

interface Case {
  readonly name: string;
  readonly lpushed_in_this_order: readonly unknown[];
  readonly report?: Report;
}

const { cases } = JSON.parse(readFileSync('test/golden/report_cases.json', 'utf8')) as {
  cases: Case[];
};

/** What OSProfiler's Redis driver reads, newest first. */
function asRead(golden: Case): Event[] {
  return golden.lpushed_in_this_order
    .map((event) => parseEvent(JSON.stringify(event)))
    .filter((event) => event !== undefined)
    .toReversed();
}

test('a request says its route, unless that is its path', () => {
  const outcomeOf = (path: string, route: string): string => {
    const { points } = buildTree(
      eventsOf({
        name: 'wsgi',
        id: 'in',
        start: 1,
        stop: 2,
        startInfo: { request: { method: 'GET', path } },
        stopInfo: { response: { status_code: 200 }, request: { route } },
      }),
    );
    return about(points[0]!).outcome;
  };
  assert.equal(outcomeOf('/orders/42', '/orders/:id'), '→ 200 · /orders/:id');
  assert.equal(outcomeOf('/health', '/health'), '→ 200');
});

test('there are 22 golden reports, of which Python gives 16', () => {
  assert.equal(cases.length, 22);
  assert.equal(cases.filter(({ report }) => report !== undefined).length, 16);
});

for (const golden of cases.filter(({ report }) => report !== undefined)) {
  test(`the report is OSProfiler's to the letter: ${golden.name}`, () => {
    // As text, because the order of keys is part of it.
    const expected = `${JSON.stringify(golden.report, null, 2)}\n`;
    assert.equal([...stringifyReport(buildReport(asRead(golden)))].join(''), expected);
  });
}

// Where Python fails, each of these is what ours says instead: the point's milliseconds and names.
const withoutPython: Readonly<Record<string, Info>> = {
  'timestamp with Z': { started: 0, finished: 12, project: 'golden', service: 'peer', host: 'golden-host' },
  'timestamp without fraction': { started: 0, finished: 1000, service: 'peer', host: 'golden-host' },
  'no service': { started: 0, finished: 0, project: 'golden', service: null, host: 'golden-host' },
  'no info.host': { started: 0, finished: 0, project: 'golden', service: 'peer', host: null },
  'no info': { started: 0, finished: 0, project: 'golden', service: 'peer', host: null },
  'point is its own parent': { started: 0, finished: 3, service: 'peer', host: 'golden-host' },
};

test('each case that Python fails on has an expectation of our own', () => {
  const failing = cases.filter(({ report }) => report === undefined).map(({ name }) => name);
  assert.deepEqual(failing.toSorted(), Object.keys(withoutPython).toSorted());
});

for (const golden of cases.filter(({ report }) => report === undefined)) {
  test(`a report comes out where Python fails: ${golden.name}`, () => {
    const events = asRead(golden);
    const { info, children, stats } = buildReport(events);
    const [point] = children;
    const expected = withoutPython[golden.name]!;
    assert.equal(children.length, 1);
    assert.deepEqual(point?.children, []);
    for (const [name, value] of Object.entries(expected)) assert.equal(point.info[name], value, name);
    for (const event of events) assert.equal(point.info[`meta.raw_payload.${event.name}`], event);
    assert.deepEqual(info, {
      name: 'total',
      started: 0,
      finished: expected['finished'],
      last_trace_started: 0,
    });
    assert.deepEqual(stats, { wsgi: { count: 1, duration: expected['finished'] } });
  });
}

test('children are ordered by whole milliseconds in the report and by microseconds in the tree', () => {
  const events = [
    ...eventsOf({ name: 'wsgi', id: 'root', start: 0, stop: 9000 }),
    ...eventsOf({ name: 'a', id: 'later', parent: 'root', start: 1900, stop: 2000 }),
    ...eventsOf({ name: 'b', id: 'sooner', parent: 'root', start: 1100, stop: 2000 }),
  ];
  const ids = (points: readonly { trace_id: string }[]): string[] => points.map((each) => each.trace_id);
  assert.deepEqual(ids(buildReport(events).children[0]!.children), ['later', 'sooner']);
  assert.deepEqual(ids(buildTree(events).roots[0]!.children), ['sooner', 'later']);
});

test('the printed report is ASCII, as Python prints it, and means what was stored', () => {
  const startInfo = { text: 'żółć ☃ 😀 \u007f\u009b31m \u2028 \ud800', nested: { list: [1, { a: [] }] } };
  const report = buildReport(eventsOf({ name: '__proto__', id: '1', start: 0, startInfo }));
  const text = [...stringifyReport(report)].join('');
  assert.match(text, /^[\n -~]*$/);
  assert.ok(text.includes(String.raw`\u017c\u00f3\u0142\u0107 \u2603 \ud83d\ude00 \u007f\u009b31m \u2028`));
  assert.equal(JSON.stringify(JSON.parse(text)), JSON.stringify(report));
  assert.deepEqual(Object.keys(report.stats), ['__proto__']);
});

test('a stop without any start has no last start', () => {
  assert.equal(buildReport(eventsOf({ name: 'db', id: '1', stop: 5 })).info.last_trace_started, null);
});

interface Children {
  readonly children: readonly Children[];
}

test('a tree of 100,000 levels is built, printed and reported', () => {
  const levels = 100_000;
  const events: Event[] = [];
  for (let i = 0; i < levels; i++) {
    const parent = i === 0 ? base_id : `${i - 1}`;
    events.push(...eventsOf({ name: 'call', id: `${i}`, parent, start: i, stop: 3 * levels - i }));
  }
  const lines = [...renderTree(buildTree(events), { width: 100, colour: false })];
  assert.equal(lines.length, levels + 4);
  assert.match(lines.at(-1)!, /⋯ 99999 └─ call/);
  const text = [...stringifyReport(buildReport(events))].join('');
  assert.ok(text.length < 1000 * levels, `${text.length} characters`);
  let depth = 0;
  let level: Children | undefined = JSON.parse(text) as Children;
  for (; level !== undefined; level = level.children[0]) depth++;
  assert.equal(depth, 1 + levels);
});

function outline(tree: Tree): string[] {
  const open = tree.roots.map((point) => ({ point, depth: 0 })).toReversed();
  const lines: string[] = [];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { point, depth } = next;
    lines.push(`${'  '.repeat(depth)}${point.trace_id}`);
    open.push(...point.children.map((child) => ({ point: child, depth: depth + 1 })).toReversed());
  }
  return lines;
}

test('members of a circle of parents become roots and keep their other children', () => {
  const points: PointMade[] = [
    { name: 'a', id: 'a', parent: 'c', start: 1 },
    { name: 'b', id: 'b', parent: 'a', start: 2 },
    { name: 'c', id: 'c', parent: 'b', start: 3 },
    { name: 'd', id: 'd', parent: 'b', start: 4 },
    { name: 'e', id: 'e', parent: 'd', start: 5 },
    { name: 'self', id: 'self', parent: 'self', start: 6 },
    { name: 'root', id: 'root', start: 0 },
  ];
  const expected = ['root', 'a', 'b', '  d', '    e', 'c', 'self'];
  assert.deepEqual(outline(buildTree(points.flatMap(eventsOf))), expected);
  assert.deepEqual(outline(buildTree(points.toReversed().flatMap(eventsOf))), expected);
});

test('whatever the parents are, each point is in the tree once', () => {
  const roll = dice(7);
  for (let round = 0; round < 200; round++) {
    const size = 1 + roll(12);
    const events = Array.from({ length: size }, (_, i) =>
      eventsOf({ name: 'p', id: `${i}`, parent: `${roll(size + 2)}`, start: roll(50) }),
    ).flat();
    const shown = outline(buildTree(events)).map((line) => line.trim());
    assert.deepEqual(shown.toSorted(), events.map((event) => event.trace_id).toSorted());
  }
});

test('events in any order, stored twice, give the same tree', () => {
  const events = shopTrace();
  const shuffled = [...events, ...events];
  const roll = dice(3);
  for (let i = shuffled.length - 1; i > 0; i--) {
    const j = roll(i + 1);
    [shuffled[i], shuffled[j]] = [shuffled[j]!, shuffled[i]!];
  }
  const render = (from: Event[]): string => [...renderTree(buildTree(from), plain)].join('');
  assert.equal(render(shuffled), render(events));
});

test('the tree has microseconds, and undefined where an event is missing', () => {
  const tree = buildTree([
    ...eventsOf({
      name: 'wsgi',
      id: 'whole',
      start: 1000,
      stop: 4567,
      startInfo: { a: 1 },
      stopInfo: { b: 2 },
    }),
    ...eventsOf({ name: 'db', id: 'unfinished', parent: 'whole', start: 2001 }),
    ...eventsOf({ name: 'db', id: 'headless', parent: 'whole', stop: 3001 }),
  ]);
  const { startedAt, total, lastStarted, roots } = tree;
  assert.deepEqual([startedAt, total, lastStarted], [parseTimestamp(at(1000)), 3567, 1001]);
  const [whole] = roots;
  assert.deepEqual([whole?.started, whole?.finished], [0, 3567]);
  assert.deepEqual([whole?.startInfo?.['a'], whole?.stopInfo?.['b']], [1, 2]);
  assert.deepEqual(
    whole?.children.map(({ trace_id, started, finished }) => [trace_id, started, finished]),
    [
      ['unfinished', 1001, undefined],
      ['headless', undefined, 2001],
    ],
  );
});

const plain = { width: undefined, colour: false } as const;

test('the readable tree', () => {
  assert.equal(
    [...renderTree(buildTree(shopTrace()), { width: 100, colour: false })].join(''),
    `trace 7253ca8c-33b3-4f84-b4f1-f5a4311ddfa4 · 2026-01-02 03:04:05.000 UTC
182 ms · 9 points · 2 errors · 1 unfinished · shop, stock

     TIME SHARE  TIMELINE      SERVICE  POINT
   182 ms  100%  ━━━━━━━━━━━━  shop     HTTP in  GET /orders/42?full=1 → 200
  12.1 ms  6.6%  ━             shop     ├─ db  postgresql query shop@127.0.0.1:5432 · 3 rows
  8.89 ms  4.9%  ━             shop     │  └─ sql  SELECT id, total FROM orders WHERE id =… · 1 row
   100 ms   55%   ━━━━━━━      shop     ├─ HTTP out  GET 127.0.0.1:4000/stock/7 → 503 ✗
  98.0 ms   54%   ━━━━━━━      stock    │  └─ HTTP in  GET /stock/7 → 503 ✗ TypeError: x is not a f…
  44.0 ms   24%          ━━━   shop     ├─ command  convert · exit 1 ✗
        …                ╌╌╌╌  shop     ├─ thread  workers/resize.js … unfinished
  10.3 ms  5.6%           ━    shop     │  └─ thread main  thread 3
    10 µs <0.1%             ━  shop     └─ task  Cart.total
`,
  );
});

test('the readable tree tells what a call of a database waited for, and takes no word of a store for a number', () => {
  const lineOf = (db: Info): string => {
    const [root] = buildTree(
      eventsOf({ name: 'db', id: 'db', start: 0, stop: 500_000, stopInfo: { db } }),
    ).roots;
    return about(root!).outcome;
  };
  const outcomes: readonly (readonly [Info, string])[] = [
    [{ rows: 1, wait_turn_ms: 400.123 }, '· 1 row · waited 400 ms for its turn'],
    [{ wait_pool_ms: 210.3, wait_connect_ms: 5.5 }, '· waited 210 ms for the pool, 5.50 ms to connect'],
    [{ rows: 2 }, '· 2 rows'],
    [{ wait_turn_ms: 'long', wait_pool_ms: null, wait_connect_ms: 0 }, ''],
  ];
  for (const [db, text] of outcomes) assert.equal(lineOf(db), text);
});

test('the readable tree tells what a request waited for', () => {
  const outcomeOf = (requests: Info): string => {
    const events = eventsOf({ name: 'http', id: 'h', start: 0, stop: 500_000, stopInfo: { requests } });
    return about(buildTree(events).roots[0]!).outcome;
  };
  const connecting = { wait_dns_ms: 14.2, wait_connect_ms: 8, wait_tls_ms: 96 };
  assert.equal(
    outcomeOf({ status_code: 200, wait_socket_ms: 300, ...connecting }),
    '→ 200 · waited 300 ms for a socket, 14.2 ms for DNS, 8.00 ms to connect, 96.0 ms for TLS',
  );
  assert.equal(outcomeOf({ wait_dns_ms: 'long', wait_socket_ms: null }), '');
});

test('the readable tree tells how many messages there were, which attempt it was, and the trace that a batch links to', () => {
  const subjectOf = (rpc: Info): string => {
    const events = eventsOf({ name: 'rpc', id: '1', start: 0, stop: 9, startInfo: { rpc } });
    const [root] = buildTree(events).roots;
    return about(root!).subject;
  };
  const job = { kind: 'consumer', system: 'kafka', destination: 'orders' };
  assert.equal(subjectOf({ ...job, attempt: 2 }), 'consumer kafka orders attempt 2');
  const sent = { base_id: 'a', trace_id: 'b' };
  assert.equal(
    subjectOf({ ...job, messages: 1, links: [sent, { ...sent, trace_id: 'c' }] }),
    'consumer kafka orders 1 message ↔ trace a',
  );
  assert.equal(
    subjectOf({ ...job, messages: 3, links: [sent, { base_id: 'd', trace_id: 'e' }] }),
    'consumer kafka orders 3 messages ↔ 2 traces',
  );
  const odd = { ...job, attempt: 'often', messages: {}, links: 'many' };
  assert.equal(subjectOf(odd), 'consumer kafka orders');
  assert.equal(subjectOf({ ...job, links: [null, {}] }), 'consumer kafka orders ↔ 1 trace');
});

test('durations have three digits and a unit that suits them', () => {
  const expected: readonly (readonly [number, string])[] = [
    [0, '0 µs'],
    [999, '999 µs'],
    [1000, '1.00 ms'],
    [9994, '9.99 ms'],
    [9996, '10.0 ms'],
    [99_960, '100 ms'],
    [999_499, '999 ms'],
    [999_500, '1.00 s'],
    [59_940_000, '59.9 s'],
    [59_950_000, '1 min 0 s'],
    [3_599_600_000, '1 h 0 min'],
    [172_854_999_999, '48 h 0 min'],
    [-1500, '-1.50 ms'],
  ];
  for (const [micros, text] of expected) assert.equal(duration(micros), text);
});

test('shares are percent of the whole, and nothing where there is none', () => {
  const shares = [
    share(1, 1),
    share(0, 1),
    share(1, 3),
    share(1, 30),
    share(1, 1e6),
    share(5, 0),
    share(-1, 9),
  ];
  assert.deepEqual(shares, ['100%', '0.0%', '33%', '3.3%', '<0.1%', '', '']);
});

test('the time since a trace is one rough word', () => {
  const now = 1e15;
  const since = [-1, 0, 59, 60, 3599, 3600, 86_399, 86_400, 200_000].map((s) => ago(now - s * 1e6, now));
  const expected = ['in the future', '0 s ago', '59 s ago', '1 min ago', '59 min ago', '1 h ago', '23 h ago'];
  assert.deepEqual(since, [...expected, '1 day ago', '2 days ago']);
});

test('columns are counted as a terminal fills them', () => {
  const widths: Readonly<Record<string, number>> = {
    abc: 3,
    é: 1,
    'e\u0301': 1,
    名前: 4,
    '👍': 2,
    '├─ µ…→✗': 7,
  };
  for (const [text, width] of Object.entries(widths)) assert.equal(widthOf(text), width, text);
  assert.deepEqual(
    [cut('名前', 4), cut('名前', 3), cut('a b', 3), cut('ab cd', 4), cut('x', 0)],
    ['名前', '名…', 'a b', 'ab…', ''],
  );
  assert.equal(clean(' a\n\tb\u001b[0m\u202e '), 'a b␛[0m\ufffd');
});

test('nothing is cut where there is no width, and no line is wider than the width', () => {
  const startInfo = { function: { name: `${'名前 e\u0301 👍 '.repeat(30)}end` } };
  const events = [
    ...shopTrace(),
    ...eventsOf({ name: '名前', id: 'wide', start: 5, service: 'サービス'.repeat(9), startInfo }),
  ];
  const whole = [...renderTree(buildTree(events), plain)].join('');
  for (const text of ['x is not a function', 'FROM orders WHERE id = $1', '👍 end … unfinished']) {
    assert.ok(whole.includes(text), text);
  }
  for (let width = 1; width <= 200; width++) {
    for (const line of renderTree(buildTree(events), { width, colour: false })) {
      const columns = widthOf(line.trimEnd());
      // The numbers on the left are never cut.
      assert.ok(columns <= Math.max(width, 24), `${columns} columns of ${width}: ${line}`);
    }
  }
});

test('no control character of an event reaches the terminal', () => {
  const evil = '\u001b[2J\u001b]0;title\u0007\r\n\t\u0000\u007f\u009b31m\u202e\u2066\u200b\ufeff\ud800';
  const names = ['wsgi', 'http', 'db', 'sql', 'rpc', 'command', 'thread', 'process', evil];
  const members = { path: evil, method: evil, hostname: evil, system: evil, statement: evil, file: evil };
  const groups = ['request', 'requests', 'db', 'rpc', 'command', 'thread', 'process', evil];
  const startInfo = Object.fromEntries(groups.map((group) => [group, members]));
  const stopInfo = { etype: evil, message: evil, response: { status_code: evil }, command: { signal: evil } };
  const events = names.flatMap((name, i) =>
    eventsOf({ name, id: `${i}`, service: evil, start: i, stop: 99, startInfo, stopInfo }),
  );
  for (const width of [undefined, 60, 100]) {
    for (const printed of renderTree(buildTree(events), { width, colour: false })) {
      assert.match(printed, /^[^\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]*\n$/u);
    }
  }
});

test('colours frame the text and change nothing else', () => {
  const tree = buildTree(shopTrace());
  const coloured = [...renderTree(tree, { width: 100, colour: true })].join('');
  const uncoloured = [...renderTree(tree, { width: 100, colour: false })].join('');
  assert.notEqual(coloured, uncoloured);
  assert.equal(stripVTControlCharacters(coloured), uncoloured);
});

test('a point that is named like a property is shown as any other, in colours too', () => {
  for (const name of ['constructor', '__proto__', 'toString']) {
    const tree = buildTree(eventsOf({ name, id: '1', start: 1, stop: 2 }));
    const printed = [...renderTree(tree, { width: 100, colour: true })].join('');
    assert.ok(stripVTControlCharacters(printed).includes(` ${name}`), printed);
  }
});

test('a report of a stored line of megabytes is printed, though its indentation would fill no string', () => {
  const chain = Array.from({ length: 190 }, (_, i) =>
    eventsOf({ name: 'p', id: `${i}`, parent: `${i - 1}`, start: i, startInfo: { list: [] } }),
  ).flat();
  const long = JSON.stringify(chain.pop()).replace('[]', `[[[[${'1,'.repeat(1_500_000)}1]]]]`);
  const report = buildReport([...chain, parseEvent(long)!]);
  const json = [...stringifyReport(report)].join('');
  assert.equal(JSON.stringify(JSON.parse(json)), JSON.stringify(report));
});

const line = (change: Info): string =>
  JSON.stringify({ ...eventsOf({ name: 'db', id: 'x', start: 1 })[0], ...change });

const nested = (levels: number): string =>
  line({ info: {} }).replace('{}', '{"a":'.repeat(levels) + '1' + '}'.repeat(levels));

const refused: Readonly<Record<string, string>> = {
  'half a line': line({}).slice(0, -9),
  'no JSON': 'hello',
  nothing: '',
  null: 'null',
  'an array': '[]',
  'a number': '7',
  'another object': '{"level":30,"msg":"hi"}',
  'no name': line({ name: undefined }),
  'a name that is no text': line({ name: { toString: 1 } }),
  'an endless name': line({ name: 'x'.repeat(5000) }),
  'a trace id that is a path': line({ base_id: '../../../../etc/passwd' }),
  'a point without an id': line({ trace_id: '' }),
  'a parent that is an object': line({ parent_id: {} }),
  'an endless id': line({ trace_id: 'x'.repeat(5000) }),
  'a timestamp in words': line({ timestamp: 'yesterday' }),
  'the month 13': line({ timestamp: '2026-13-01T00:00:00.000000' }),
  'a timestamp that is a number': line({ timestamp: 7 }),
  'info that is a text': line({ info: 'x' }),
  'info that is an array': line({ info: [] }),
  'info that is nested without end': nested(50_000),
};

for (const [name, text] of Object.entries(refused)) {
  test(`a stored line is no event: ${name}`, () => assert.equal(parseEvent(text), undefined));
}

test('a stored event is kept as it was, whatever else is in it', () => {
  const text = line({ message_id: 7, __proto__: null, info: { a: { b: [1, 'ü'] } } });
  assert.equal(JSON.stringify(parseEvent(text)), text);
  assert.ok(parseEvent(nested(90)));
});

test('a stored event cannot reach the prototypes', () => {
  const text = line({}).replace(
    '{',
    '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},',
  );
  const event = parseEvent(text.replace('"service":"shop"', '"service":7'))!;
  assert.equal(event.service, null);
  const tree = buildTree([event]);
  [...renderTree(tree, plain)].join('');
  buildReport([event]);
  assert.equal(({} as Info)['polluted'], undefined);
});

test('what is missing or odd in an event is null or empty', () => {
  const event = parseEvent(line({ info: null, project: 7, service: undefined }))!;
  assert.deepEqual([event.info, event.project, event.service], [{}, null, null]);
});

// ---- equal siblings

/** A request that asks for each of its items by itself: twice wrong, once failing, the last without an end. */
function loop(times: number): Event[] {
  const sql = (i: number): Info => ({
    db: {
      system: 'postgresql',
      statement: `SELECT a FROM t WHERE id = ${i} AND b IN (${'?, '.repeat(i % 7)}?)`,
    },
  });
  const db = { db: { system: 'postgresql', operation: 'query', name: 'shop', host: 'pg', port: 5432 } };
  const failed = { etype: 'error', message: 'no such row 17' };
  const events = eventsOf({ name: 'wsgi', id: 'root', start: 0, stop: 10_000_000 });
  for (let i = 0; i < times; i++) {
    const start = 1000 * i;
    const took = i === 3 ? 900 : 100 + (i % 2);
    const stopInfo = i === 17 ? failed : { db: { rows: 1 } };
    events.push(
      ...eventsOf({
        name: 'db',
        id: `db${i}`,
        parent: 'root',
        start,
        stop: start + took,
        startInfo: db,
        stopInfo,
      }),
      ...eventsOf({
        name: 'sql',
        id: `sql${i}`,
        parent: `db${i}`,
        start,
        stop: start + took,
        startInfo: sql(i),
      }),
    );
  }
  return events;
}

test('2,000 equal siblings are one line with their count, sum, median and maximum', () => {
  const lines = [...renderTree(buildTree(loop(2000)), plain)].map((each) => each.trimEnd());
  assert.match(lines[1]!, /4001 points · 1 error · shop · 3996 folded, --unfold shows each$/);
  assert.deepEqual(
    lines.slice(5).map((each) => each.replace(/^.*? shop {5}/, '')),
    [
      '├─ db ×1999  postgresql query shop@pg:5432 · 1 row · sum 202 ms · p50 100 µs · max 900 µs',
      '│  └─ sql ×1999  SELECT a FROM t WHERE id = ? AND b IN (?) · sum 202 ms · p50 100 µs · max 900 µs',
      // A failure is never below others.
      '└─ db  postgresql query shop@pg:5432 ✗ error: no such row 17',
      '   └─ sql  SELECT a FROM t WHERE id = 17 AND b IN (?, ?, ?, ?)',
    ],
  );
  assert.match(lines[5]!, /^ +202 ms +2\.0% {2}━+ +shop/);
});

test('each point has its line where that is asked for, and few equal ones always have', () => {
  assert.equal([...renderTree(buildTree(loop(2000)), plain, false)].length, 4 + 4001);
  assert.equal([...renderTree(buildTree(loop(4)), plain)].length, 4 + 9);
  assert.equal([...renderTree(buildTree(loop(5)), plain)].length, 4 + 3);
});

test('what differs stays apart: names, services, statements, statuses, failures, what has no end', () => {
  const events = eventsOf({ name: 'wsgi', id: 'root', start: 0, stop: 1_000_000 });
  const call = (i: number, path: string, status_code: number): Event[] =>
    eventsOf({
      name: 'http',
      id: `${i}`,
      parent: 'root',
      start: i,
      ...(i % 10 !== 9 && { stop: i + 1 }),
      startInfo: { requests: { method: 'GET', hostname: 'stock', port: 80, path } },
      stopInfo: { requests: { status_code } },
    });
  for (let i = 0; i < 80; i++) {
    events.push(...call(i, i % 2 === 0 ? `/items/${i}` : '/all', i % 4 === 0 ? 503 : 200));
  }
  const lines = [...renderTree(buildTree(events), plain)].slice(5).map((each) => each.replace(/^.*?─ /, ''));
  assert.deepEqual(
    lines.map((each) => each.replace(/ · sum.*\n|\n/, '')),
    [
      'HTTP out ×20  GET stock:80/items/{id} → 503',
      'HTTP out ×32  GET stock:80/all → 200',
      'HTTP out ×20  GET stock:80/items/{id} → 200',
      'HTTP out ×8  GET stock:80/all … unfinished',
    ],
  );
});

test('siblings without info are equal by their names, and nothing is hidden or shown twice', () => {
  const roll = dice(11);
  for (let round = 0; round < 200; round++) {
    const events = Array.from({ length: 1 + roll(60) }, (_, i) =>
      eventsOf({
        name: `p${roll(2)}`,
        id: `${i}`,
        parent: `${i === 0 ? 'x' : roll(i)}`,
        start: roll(50),
        stop: 60,
      }),
    ).flat();
    const text = [...renderTree(buildTree(events), plain)].slice(4).join('');
    const shown = [...text.matchAll(/ p[01](?: ×(\d+))?/g)].reduce(
      (sum, [, times]) => sum + Number(times ?? 1),
      0,
    );
    assert.equal(shown, events.length / 2, text);
  }
});

// ---- when each ran

test('below 90 columns each line tells when its point started, and wide terminals get a longer timeline', () => {
  const tree = buildTree(shopTrace());
  const linesAt = (width: number): string[] => [...renderTree(tree, { width, colour: false })];
  for (const width of [40, 59, 60, 72, 80, 89]) {
    const [, , , heading, ...lines] = linesAt(width);
    assert.match(heading!, /^ +TIME +START /, `${width}`);
    assert.match(lines[0]!, /^ +182 ms +\+0 µs {2}/);
    assert.match(lines[4]!, /^ +98\.0 ms +\+20\.9 ms {2}/);
    assert.match(lines[6]!, /^ +… +\+125 ms {2}/);
  }
  const timelines = [90, 110, 140, 200, 350, 1000].map(
    (width) => /TIMELINE +/.exec(linesAt(width)[3]!)![0].length - 2,
  );
  assert.deepEqual(timelines, [12, 20, 30, 50, 100, 100]);
});

// ---- what is missing

test('a call that carried the trace to a service of which nothing is there is marked', () => {
  const startInfo = { requests: { method: 'GET', hostname: 'stock', port: 80, path: '/x' } };
  const call = (id: string, stopInfo: Info): Event[] =>
    eventsOf({ name: 'http', id, parent: 'root', start: 1, stop: 2, startInfo, stopInfo });
  const requests = { status_code: 200, signed: true };
  const events = [
    ...eventsOf({ name: 'wsgi', id: 'root', start: 0, stop: 9 }),
    ...call('unanswered', { requests }),
    ...call('answered', { requests: { ...requests, status_code: 201 } }),
    ...eventsOf({ name: 'wsgi', id: 'in', parent: 'answered', start: 1, stop: 2, service: 'stock' }),
    ...call('not signed', { requests: { status_code: 202 } }),
    ...call('failed', { etype: 'Error', message: 'ECONNREFUSED' }),
  ];
  const text = [...renderTree(buildTree(events), plain)].join('');
  assert.match(text, /→ 200 … no answer from this service in the trace\n/);
  assert.match(text, /→ 201\n[^\n]*HTTP in\n[^\n]*→ 202\n[^\n]*✗ Error: ECONNREFUSED\n$/);
  assert.match(text, /^[^\n]*\n[^\n]* · 1 call without an answer in the trace · shop, stock\n/);
});
