import assert from 'node:assert/strict';

import { constantFrom } from 'fast-check';

import { stringifyOtlp } from '../../src/cli/otlp.js';
import { stringifyDot } from '../../src/report/formats/dot.js';
import { renderMarkdown } from '../../src/report/formats/markdown.js';
import { stringifyPerfetto } from '../../src/report/formats/perfetto.js';
import { stringifyReport } from '../../src/report/json.js';
import { buildReport } from '../../src/report/report.js';
import { readReport } from '../../src/report/saved.js';
import { renderTree } from '../../src/report/text.js';
import { buildTree } from '../../src/report/tree.js';
import type { Event } from '../../src/trace/event.js';
import { parseEvent } from '../../src/trace/parse.js';
import { shopTrace } from '../fixtures/events.js';
import { hostileTrace } from '../fixtures/odd-traces.js';
import { protobufOf } from '../stand-ins/otlp.js';
import { mutated } from './mutations.js';
import { lines } from './stored.js';
import { target } from './target.js';

const joined = (pieces: Iterable<string>): string => [...pieces].join('');
const ascii = /^[\n -~]*$/;
// A node, an arrow, or what is around them.
const graph = /^digraph \{\n(?:\t\d+ \[label="(?:[^"\\\p{Cc}]|\\["\\n])*"\]\n|\t\d+ -> \d+\n)+\}\n\n$/u;
const inCode = /^\*\*`[^`\n]*`\*\* took \*\*[^*\n]*\*\*, trace `[^`\n]*`\n\n```text\n(?:(?!```).)*```\n$/s;

function checkFormats(texts: readonly string[]): void {
  const events = texts.map(parseEvent).filter((event): event is Event => event !== undefined);
  if (events.length === 0) return;
  const tree = buildTree(events);
  assert.match(joined(stringifyDot(buildReport(events))), graph);
  assert.match(joined(renderMarkdown(tree, { mostFindings: undefined, isFolded: false })), inCode);

  const timeline = joined(stringifyPerfetto(tree));
  assert.match(timeline, ascii);
  const { traceEvents } = JSON.parse(timeline) as { traceEvents: { ph: string }[] };
  assert.equal(traceEvents.filter(({ ph }) => 'XBi'.includes(ph)).length, tree.points.length);

  const spans = joined(stringifyOtlp(tree));
  assert.match(spans, ascii);
  assert.ok(protobufOf(spans).length > 0);

  const saved = readReport(JSON.parse(joined(stringifyReport(buildReport(events)))))!;
  assert.ok(saved.events.length > 0, 'a saved report has events');
}

const reports = [shopTrace(), hostileTrace()].map((events) => joined(stringifyReport(buildReport(events))));

function checkSaved(text: string): void {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return;
  }
  const saved = readReport(value);
  if (saved === undefined || saved.events.length === 0) return;
  for (const { base_id } of saved.events) assert.equal(base_id, saved.base_id);
  assert.ok(joined(renderTree(buildTree(saved.events), { width: 80, colour: false })) !== '');
}

export const formatTargets = [
  target({
    name: 'stored traces: each format is well-formed, and texts stay texts in it',
    share: 10,
    input: lines,
    check: checkFormats,
  }),
  target({
    name: 'saved reports: their events are those of one trace',
    share: 5,
    input: mutated(constantFrom(...reports)),
    check: checkSaved,
  }),
];
