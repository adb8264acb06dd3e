// A trace in the formats of other programs: drawn by Graphviz, shown by a viewer of trace events, decoded by
// OpenTelemetry's definitions, rendered as Markdown.
// needs: time
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { instance } from '@viz-js/viz';
import { marked } from 'marked';

import { stringifyOtlp } from '../src/cli/otlp.js';
import { encodeTraces } from '../src/drivers/spans/otlp-proto.js';
import { createSpanPairs } from '../src/drivers/spans/pairs.js';
import { byResource } from '../src/drivers/spans/resources.js';
import { stringifyDot } from '../src/report/formats/dot.js';
import { renderFound, renderMarkdown } from '../src/report/formats/markdown.js';
import { stringifyPerfetto } from '../src/report/formats/perfetto.js';
import { buildReport } from '../src/report/report.js';
import { readReport } from '../src/report/saved.js';
import { buildTree } from '../src/report/tree.js';
import type { Event } from '../src/trace/event.js';
import { base_id, eventsOf, shopTrace } from './fixtures/events.js';
import { deepTrace, hostileText, hostileTrace, randomTrace } from './fixtures/odd-traces.js';
import { linesOf } from './fixtures/lines.js';
import { type SeenSpan, protobufOf, spansOf } from './stand-ins/otlp.js';
import { type Slice, showTraceEvents } from './stand-ins/trace-events.js';

const joined = (pieces: Iterable<string>): string => [...pieces].join('');
const dotOf = (events: readonly Event[]): string => joined(stringifyDot(buildReport(events)));
const perfettoOf = (events: readonly Event[]): string => joined(stringifyPerfetto(buildTree(events)));
const markdownOf = (events: readonly Event[], mostFindings?: number): string =>
  joined(renderMarkdown(buildTree(events), { mostFindings, isFolded: true }));

// ---- DOT

interface Printed {
  readonly stdout: string;
}

for (const file of ['redis', 'redis_error_filter']) {
  test(`the graph is OSProfiler's to the letter: ${file}`, () => {
    const golden = JSON.parse(readFileSync(`test/golden/${file}.json`, 'utf8')) as Record<string, Printed>;
    const { trace_show_json: json, trace_show_dot: dot } = golden;
    assert.equal(dotOf(readReport(JSON.parse(json!.stdout))!.events), dot!.stdout);
  });
}

/** The texts of a drawing's nodes and the number of its arrows. */
async function drawn(dot: string): Promise<{ texts: readonly string[]; arrows: number }> {
  const svg = (await instance()).renderString(dot, { format: 'svg' });
  const nodes = svg.split('class="node"').slice(1);
  const texts = nodes.map((node) =>
    [...node.matchAll(/<text[^>]*>([^<]*)<\/text>/g)]
      .map(([, text]) => text!)
      .join('\n')
      .replaceAll('&#160;', ' ')
      .replaceAll('&#45;', '-')
      .replaceAll('&gt;', '>')
      .replaceAll('&lt;', '<')
      .replaceAll('&quot;', '"')
      .replaceAll('&amp;', '&'),
  );
  return { texts, arrows: svg.split('class="edge"').length - 1 };
}

test('Graphviz draws a node for each point, and an arrow from the point above', async () => {
  const { texts, arrows } = await drawn(dotOf(shopTrace()));
  assert.equal(texts.length, 10);
  assert.equal(arrows, 9);
  assert.ok(texts.includes('stock:wsgi - 98 ms\nGET /stock/7..'), texts.join(' | '));
});

test('Graphviz shows hostile texts as they are', async () => {
  const { texts, arrows } = await drawn(dotOf(hostileTrace()));
  assert.deepEqual([texts.length, arrows], [5, 4]);
  const all = texts.join('\n');
  for (const part of ['<img src=x onerror=alert(1)>', '&amp; &lt; "quoted" \\N \\l {a|b}', '␛[31m']) {
    assert.ok(all.includes(part), `${part} in ${all}`);
  }
});

test('calls without a function have their method or their destination in the graph', () => {
  const call = (id: string, rpc: object): Event[] =>
    eventsOf({ name: 'rpc', id, start: 1, stop: 2, startInfo: { rpc } });
  const events = [...call('a', { service: 'shop.Stock', method: 'Get' }), ...call('b', { destination: 'q' })];
  const text = dotOf(events.map((event) => ({ ...event, service: null })));
  assert.match(text, /\[label="rpc - 0 ms\\nshop\.Stock\/Get"\]/);
  assert.match(text, /\[label="rpc - 0 ms\\nq"\]/);
});

// ---- trace events

const outlineOf = ({ name, within }: Slice): string =>
  within === undefined ? name : `${outlineOf(within)} / ${name}`;

test('a viewer shows slices within those that called them, and arrows to other processes', () => {
  const { slices, arrows, other } = showTraceEvents(perfettoOf(shopTrace()));
  assert.deepEqual(other, { trace: base_id, started_at: '2026-01-02T03:04:05.000Z', written_by: 'ostrace' });
  assert.deepEqual(
    slices.map((slice) => `${slice.process} | ${slice.thread} | ${outlineOf(slice)}`),
    [
      'shop · test-host | points | HTTP in GET /orders/42?full=1',
      'shop · test-host | points | HTTP in GET /orders/42?full=1 / db postgresql query shop@127.0.0.1:5432',
      'shop · test-host | points | HTTP in GET /orders/42?full=1 / db postgresql query shop@127.0.0.1:5432 / sql SELECT id, total FROM orders WHERE id = $1',
      'shop · test-host | points | HTTP in GET /orders/42?full=1 / HTTP out GET 127.0.0.1:4000/stock/7',
      'stock · test-host | points | HTTP in GET /stock/7',
      'shop · test-host | points | HTTP in GET /orders/42?full=1 / command convert',
      'shop · test-host | points (2) | thread workers/resize.js',
      'shop · test-host | points (2) | thread workers/resize.js / thread main thread 3',
      'shop · test-host | points | HTTP in GET /orders/42?full=1 / task Cart.total',
    ],
  );
  assert.deepEqual(
    arrows.map(([from, to]) => `${from.name} → ${to.name}`),
    [
      'HTTP out GET 127.0.0.1:4000/stock/7 → HTTP in GET /stock/7',
      'HTTP in GET /orders/42?full=1 → thread workers/resize.js',
    ],
  );
  const [first, database] = slices;
  assert.deepEqual([first!.from, first!.to, database!.from], [0, 182_310, 2000]);
  assert.deepEqual(database!.args['stop'], { db: { rows: 3 }, host: 'test-host' });
  assert.equal(slices[4]!.args['failed'], 'TypeError: x is not a function');
  assert.deepEqual([slices[6]!.to, slices[6]!.args['unfinished']], [Infinity, true]);
});

test('a host whose clock is wrong is drawn within the wait of its caller, and OTLP has what was stored', () => {
  for (const wrong of [7_000_000, -7_000_000]) {
    const events = [
      { name: 'wsgi', id: 'in', start: 8_000_000, stop: 8_100_000, host: 'a' },
      { name: 'http', id: 'out', parent: 'in', start: 8_010_000, stop: 8_090_000, host: 'a' },
      {
        name: 'wsgi',
        id: 'there',
        parent: 'out',
        start: 8_020_000 + wrong,
        stop: 8_080_000 + wrong,
        host: 'b',
      },
    ].flatMap((point) => eventsOf(point));
    const { slices, other } = showTraceEvents(perfettoOf(events));
    const [root, out, there] = ['in', 'out', 'there'].map((id) =>
      slices.find(({ args }) => (args as { trace_id: string }).trace_id === id)!,
    );
    assert.ok(root!.from >= 0 && out!.from <= there!.from, JSON.stringify([root, out, there]));
    assert.equal(there!.from - root!.from, 20_000);
    assert.match(String(other['started_at']), /^2026-01-02T/);
    const spans = joined(stringifyOtlp(buildTree(events))).match(/"startTimeUnixNano":"(\d+)"/g)!;
    assert.equal(new Set(spans.map((text) => text.slice(0, 31))).size, 2, 'as stored: seven seconds apart');
  }
});

test('points are told apart by process and event loop, and overlapping ones share no thread', () => {
  const inLoop = (id: string, loop: string, start: number, stop: number, parent = base_id): Event[] =>
    eventsOf({ name: id, id, parent, start, stop, startInfo: { loop: { id: loop } } });
  const { slices, arrows } = showTraceEvents(
    perfettoOf([
      ...inLoop('a', '7.0', 0, 100),
      ...inLoop('b', '7.0', 10, 30, 'a'),
      ...inLoop('c', '7.0', 20, 40, 'a'),
      ...inLoop('d', '7.0', 30, 50, 'a'),
      ...inLoop('e', '7.2', 35, 60, 'd'),
      ...inLoop('f', '8.0', 36, 50, 'e'),
    ]),
  );
  assert.deepEqual(
    slices.map((slice) => [slice.process, slice.thread, outlineOf(slice)]),
    [
      ['shop · test-host · pid 7', 'event loop 7.0', 'a'],
      ['shop · test-host · pid 7', 'event loop 7.0', 'a / b'],
      ['shop · test-host · pid 7', 'event loop 7.0 (2)', 'c'],
      ['shop · test-host · pid 7', 'event loop 7.0', 'a / d'],
      ['shop · test-host · pid 7', 'event loop 7.2', 'e'],
      ['shop · test-host · pid 8', 'event loop 8.0', 'f'],
    ],
  );
  assert.deepEqual(
    arrows.map(([from, to]) => `${from.name}${to.name}`),
    ['ac', 'de', 'ef'],
  );
});

test('a point without a start is a moment, and one that stopped before it started has no length', () => {
  const events = [
    ...eventsOf({ name: 'a', id: 'a', stop: 50 }),
    ...eventsOf({ name: 'b', id: 'b', start: 40, stop: 30 }),
  ];
  const { slices } = showTraceEvents(perfettoOf(events));
  assert.deepEqual(
    slices.map(({ name, from, to, args }) => [
      name,
      from,
      to,
      args['start_missing'],
      args['stored_duration'],
    ]),
    [
      ['b', 10, 10, undefined, '-10 µs'],
      ['a', 20, 20, true, undefined],
    ],
  );
});

test('whatever the points are, slices lie only in those that called them, and arrows join the others', () => {
  for (let seed = 1; seed <= 400; seed++) {
    const tree = buildTree(randomTrace(seed));
    const { slices, arrows } = showTraceEvents(joined(stringifyPerfetto(tree)));
    assert.equal(slices.length, tree.points.length);
    const idOf = ({ args }: Slice): unknown => args['trace_id'];
    const isCaller = (caller: Slice, called: Slice): boolean => called.args['parent_id'] === idOf(caller);
    const drawnPairs = new Set<unknown>();
    for (const slice of slices) {
      if (slice.within === undefined) continue;
      assert.ok(isCaller(slice.within, slice), `seed ${seed}`);
      drawnPairs.add(idOf(slice));
    }
    for (const [from, to] of arrows) {
      assert.ok(isCaller(from, to), `seed ${seed}`);
      assert.ok(!drawnPairs.has(idOf(to)), `seed ${seed}: either an arrow or a place`);
      drawnPairs.add(idOf(to));
    }
    for (const point of tree.points) {
      for (const child of point.children) {
        const isInOrder = point.started !== undefined && (child.started ?? -1) >= point.started;
        assert.ok(!isInOrder || drawnPairs.has(child.trace_id), `seed ${seed}: ${child.trace_id}`);
      }
    }
  }
});

test('hostile texts stay texts in trace events, and are printed in ASCII', () => {
  const json = perfettoOf(hostileTrace());
  assert.match(json, /^[\n -~]*$/);
  const { slices } = showTraceEvents(json);
  assert.equal(slices.length, 4);
  assert.deepEqual((slices[1]!.args['start'] as { db: unknown }).db, { statement: hostileText });
});

// ---- OTLP

const otlpOf = (events: readonly Event[]): string => joined(stringifyOtlp(buildTree(events)));

/** In one order, and without the ends of points that have none: the driver sends them when the process ends. */
function comparable(spans: readonly SeenSpan[]): readonly unknown[] {
  return spans
    .map((span) => ({ ...span, endNano: span.attributes['ostrace.unfinished'] ? '' : span.endNano }))
    .toSorted((a, b) => (a.span_id < b.span_id ? -1 : 1));
}

test("OTLP's JSON is what the driver sends, read with the official definitions", () => {
  const link = { base_id, trace_id: '00000001-aaaa-4bbb-8ccc-000000000001' };
  const values = {
    float: 1.5,
    negative: -7,
    large: 2 ** 53,
    yes: true,
    list: ['a', 1, 2.5, null],
    text: '☃',
  };
  const traces = [
    shopTrace(),
    hostileTrace(),
    eventsOf({ name: 'rpc', id: 'x', start: 1, stop: 9, startInfo: { rpc: { links: [link] }, values } }),
    randomTrace(3),
  ];
  for (const events of traces) {
    const json = otlpOf(events);
    assert.match(json, /^[\n -~]*$/);
    const { spans } = createSpanPairs().pair(linesOf(events), true);
    const unsaid = { project: '', service: 'unknown_service', host: '' };
    const sent = spansOf(encodeTraces(byResource(spans, unsaid), 'ostrace'));
    assert.deepEqual(comparable(spansOf(protobufOf(json))), comparable(sent));
  }
});

test("OTLP's JSON has integers of 64 bits as texts and whole characters, whatever was stored", () => {
  const stop = { etype: 'E', message: 'half \ud800', n: 1, endless: Infinity };
  const events = eventsOf({ name: 'p\ud800', id: 'x', start: 1, stop: 2, stopInfo: stop });
  const json = otlpOf(events.map((event) => ({ ...event, timestamp: '9999-12-31T23:59:59.999999' })));
  const [span] = spansOf(protobufOf(json));
  assert.deepEqual([span!.name, span!.startNano], ['p\ufffd', '18446744073709000000']);
  assert.equal(span!.status!.message, 'half \ufffd');
  assert.match(json, /\{"key":"ostrace\.n","value":\{"intValue":"1"\}\}/);
  assert.match(json, /\{"doubleValue":"Infinity"\}/);
  const before = eventsOf({ name: 'p', id: 'x', start: 1 }).map((event) => ({
    ...event,
    timestamp: '1969-01-01T00:00:00.000000',
  }));
  assert.match(otlpOf(before), /"startTimeUnixNano":"0"/);
});

// ---- Markdown

test('Markdown has a line of what took how long, the findings, and the tree as code', () => {
  const text = markdownOf(shopTrace(), 1);
  assert.match(
    text,
    new RegExp(`^\\*\\*\`GET /orders/42\\?full=1\`\\*\\* took \\*\\*182 ms\\*\\*, trace \`${base_id}\`

1\\. [^\n]+

\\d more findings?

\`\`\`text
trace ${base_id} · 2026-01-02 03:04:05\\.000 UTC
182 ms · 9 points`),
  );
  assert.match(text, /├─ task {2}Cart\.total\n[^\n]+└─ nothing recorded\n```\n$/);
  const [, tree] = text.split('```');
  for (const line of tree!.split('\n')) assert.ok(line.length <= 110, line);
  assert.match(markdownOf(shopTrace()), /^\S[^\n]*\n\n```text\n/);
});

test('Markdown has as many findings as are asked for, with what to try', () => {
  const findings = [
    {
      sentence: '24 × select … from reviews, one after the other: 189 ms, 23 %.',
      advice: 'Load all by one.',
    },
    { sentence: 'Waited 64.4 ms for a connection.', advice: undefined },
  ];
  const rendered = (most: number): string => joined(renderFound({ findings, otherwise: '' }, most));
  const first = '1. 24 × select … from reviews, one after the other: 189 ms, 23 %. → Load all by one.\n';
  assert.equal(rendered(2), `${first}2. Waited 64.4 ms for a connection.\n\n`);
  assert.equal(rendered(1), `${first}\n1 more finding\n\n`);
  const nothing = (otherwise: string): string => joined(renderFound({ findings: [], otherwise }, 3));
  assert.equal(nothing('82 %, 410 ms is <b>'), 'Nothing stands out: 82 %, 410 ms is \\<b\\>.\n\n');
  assert.equal(nothing(''), 'Nothing stands out.\n\n');
});

const textIn = (html: string): string =>
  html
    .replace(/<[^>]*>/g, '')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&');

test('hostile texts are only shown in Markdown', () => {
  const starts = [
    '',
    '# ',
    '- ',
    '+ ',
    '> ',
    '1. ',
    '7) ',
    '=',
    '---',
    '    ',
    '| a | b |\n|---|---|\n',
    '[x]: ',
  ];
  for (const start of starts) {
    const sentence = start + hostileText;
    const events = hostileTrace(sentence);
    const found = joined(renderFound({ findings: [{ sentence, advice: sentence }], otherwise: '' }, 1));
    const text = markdownOf(events).replace('```text', () => `${found}\`\`\`text`);
    const html = marked.parse(text, { gfm: true });
    const tags = new Set([...html.matchAll(/<\/?(\w+)/g)].map(([, tag]) => tag));
    assert.deepEqual(
      [...tags].toSorted((a, b) => (a! < b! ? -1 : 1)),
      ['code', 'li', 'ol', 'p', 'pre', 'strong'],
      html,
    );
    assert.equal(html.split('<pre>').length, 2, html);
    assert.equal(html.split('<li>').length, 2, html);
    const item = /<li>([^]*?)<\/li>/.exec(html)![1]!;
    // What divides mentions and links takes no room; all else is there as it was.
    const shown = textIn(item).replaceAll('\u2060', '');
    assert.ok(shown.includes('</script><img src=x onerror=alert(1)> @admin #1 GH-2 [a](http://'), shown);
    assert.ok(shown.includes('&amp; &lt; "quoted" \\N \\l {a|b} <b> | a | $x$'), shown);
    assert.ok(shown.includes('*b* _i_ ~~s~~'), shown);
    assert.doesNotMatch(item, /@\w|#\d|GH-\d|:\/\/|www\./);
    // What is found in it, too.
    const whole = marked.parse(markdownOf(events, Infinity), { gfm: true });
    assert.doesNotMatch(whole, /<(?!\/?(?:code|li|ol|p|pre|strong)\b)/, whole);
    // Chats end code at three marks, wherever they are.
    assert.equal(text.split('```').length, 3, text);
    assert.equal(/^\*\*`[^`\n]*`\*\* took /.test(text), true, text);
  }
});

test('Markdown fits into an issue, and says what is missing', () => {
  const events = Array.from({ length: 3000 }, (_, i) =>
    eventsOf({ name: `n${i}`, id: `${i}`, start: i, stop: i + 1 }),
  ).flat();
  const text = markdownOf(events);
  assert.ok(text.length < 65_536, `${text.length}`);
  const lines = text.split('\n').filter((line) => / n\d+$/.test(line)).length;
  const [, more] = /\n… (\d+) more lines: ostrace trace show [\da-f-]{36}\n```\n$/.exec(text) ?? [];
  assert.equal(lines + Number(more), 3000);
});

// ---- all of them

const each: Readonly<Record<string, (events: readonly Event[]) => Iterable<string>>> = {
  dot: (events) => stringifyDot(buildReport(events)),
  perfetto: (events) => stringifyPerfetto(buildTree(events)),
  markdown: (events) => renderMarkdown(buildTree(events), { mostFindings: 3, isFolded: false }),
  otlp: (events) => stringifyOtlp(buildTree(events)),
};

for (const [format, write] of Object.entries(each)) {
  test(`${format} comes out of any trace, and is the same each time`, () => {
    for (let seed = 500; seed < 600; seed++) {
      const events = randomTrace(seed);
      assert.equal(joined(write(events)), joined(write(structuredClone(events))));
    }
  });

  test(`${format} of 30,000 levels comes in small pieces`, () => {
    let pieces = 0;
    for (const piece of write(deepTrace(30_000))) {
      pieces++;
      assert.ok(piece.length < 10_000);
    }
    assert.ok(pieces > 500);
  });
}
