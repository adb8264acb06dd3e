// Lays the points of a trace out in columns, each after its parent and in the order of their starts.
import { failureIn, isCancelled } from '../../trace/failed.js';
import { about } from '../about.js';
import type { Analysis } from '../analysis/analyse.js';
import { type Span, isBeside, isWholeTrace } from '../analysis/span.js';
import { causesIn, isCancelledByCaller } from '../errors.js';
import { kindNameOf, nameOf } from '../findings/words.js';
import { repeatsAmong } from '../fold.js';
import { clean, cut } from '../format.js';
import { isUnanswered } from '../unanswered.js';
import { kindOf } from './kinds.js';
import { type FailureColumns, type PointColumns, flag } from './page-trace.js';
import { peerOf } from './peers.js';
import { Texts } from './texts.js';

const maxLabelColumns = 300;
const maxDetailColumns = 200;
const maxFailureColumns = 60;

/** The spans of a trace in the order of the page, and the index of each. */
export interface Order {
  readonly spans: readonly Span[];
  readonly indexOf: ReadonlyMap<Span, number>;
}

/** Orders all spans from the top down, without recursion: a trace may be deeper than the stack. */
export function orderOf({ root }: Analysis): Order {
  const spans: Span[] = [];
  const open: Span[] = [root];
  for (let span = open.pop(); span !== undefined; span = open.pop()) {
    spans.push(span);
    const children = span.children.toSorted((a, b) => b.from - a.from || a.to - b.to);
    for (const child of children) open.push(child);
  }
  return { spans, indexOf: new Map(spans.map((span, index) => [span, index])) };
}

/** The parts of points that are in columns, with the tables that they refer to. */
export interface Columns {
  readonly points: PointColumns;
  readonly failures: FailureColumns;
  readonly services: readonly string[];
}

/**
 * Lays all points out in columns.
 *
 * @param resting the stretches of a point that have a row of their own: they are no part of its own time
 */
export function columnsOf(
  analysis: Analysis,
  { spans, indexOf }: Order,
  texts: Texts,
  resting: ReadonlyMap<Span, readonly Pick<Span, 'from' | 'to'>[]>,
): Columns {
  const zero = analysis.root.from;
  const services = new Texts();
  const repeats = repeatsOf(analysis, { spans, indexOf });
  const none = texts.indexOf('');
  const causes = new Set(causesIn(analysis.tree));
  return {
    points: {
      parent: spans.map(({ parent }) => (parent === undefined ? -1 : indexOf.get(parent)!)),
      id: spans.map(({ point }) => idOf(point.trace_id)),
      start: spans.map(({ from }) => from - zero),
      end: spans.map(({ to }) => to - zero),
      self: spans.map((span) => selfOf(span, resting.get(span) ?? [])),
      kind: spans.map(kindOf),
      service: spans.map(({ point: { service } }) =>
        (service ?? '') === '' ? -1 : services.indexOf(cut(clean(service!), maxDetailColumns)),
      ),
      label: spans.map((span) => texts.indexOf(labelOf(span))),
      detail: spans.map((span) => texts.indexOf(cut(clean(detailOf(span)), maxDetailColumns))),
      // The table counts points by what they have in common; a merged one is in the row of its call.
      what: spans.map((span) => (isMerged(span) ? none : texts.indexOf(kindNameOf(span)))),
      peer: spans.map((span) => {
        const peer = peerOf(span);
        return peer === '' ? -1 : texts.indexOf(peer);
      }),
      flags: spans.map((span) => flagsOf(span, causes.has(span.point))),
      repeat: repeats,
    },
    failures: failuresOf(spans, texts),
    services: services.all,
  };
}

/** A number for an id, by which links name a point (FNV-1a). */
function idOf(trace_id: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < trace_id.length; i++) {
    hash = Math.imul(hash ^ trace_id.charCodeAt(i), 0x01000193);
  }
  return hash >>> 0;
}

function labelOf(span: Span): string {
  if (isWholeTrace(span)) return 'the whole trace';
  if (span.point.name === 'rpc') return cut(clean(about(span.point).subject), maxLabelColumns) || 'rpc';
  return nameOf(span, maxLabelColumns) || '(no name)';
}

function detailOf({ point }: Span): string {
  return about(point).outcome.replace(/^· /, '');
}

/** Whether a point stands in the row of the call that it is part of. */
export const isMerged = ({ point, parent }: Span): boolean =>
  point.name === 'sql' && parent?.point.name === 'db' && parent.children.length === 1;

function flagsOf(span: Span, isCause: boolean): number {
  const { point, parent, isOpen } = span;
  const isGivenUp = isCancelledByCaller(point, parent?.point);
  return (
    (hasFailed(span) ? flag.failed : 0) |
    (isCause ? flag.began : 0) |
    (isOpen ? flag.open : 0) |
    (isBeside(span) ? flag.beside : 0) |
    (isMerged(span) ? flag.merged : 0) |
    (isWholeTrace(span) ? flag.whole : 0) |
    (isUnanswered(point) ? flag.unanswered : 0) |
    (isGivenUp || isCancelled(point.stopInfo ?? {}) ? flag.cancelled : 0)
  );
}

function failuresOf(spans: readonly Span[], texts: Texts): FailureColumns {
  const [point, text]: [number[], number[]] = [[], []];
  for (const [index, span] of spans.entries()) {
    const failure = hasFailed(span) ? failureIn(span.point.stopInfo ?? {}) : undefined;
    if (failure === undefined) continue;
    point.push(index);
    text.push(texts.indexOf(cut(clean(failure.type), maxFailureColumns)));
  }
  return { point, text };
}

/** Whether a point failed, and was not given up by its caller. */
const hasFailed = ({ point, parent }: Span): boolean =>
  failureIn(point.stopInfo ?? {}) !== undefined && !isCancelledByCaller(point, parent?.point);

/** The part of a point's time in which nothing below it was running. */
function selfOf(span: Span, resting: readonly Pick<Span, 'from' | 'to'>[]): number {
  let self = 0;
  let at = span.from;
  const busy = [...span.children.filter((child) => !isMerged(child)), ...resting];
  for (const { from, to } of busy.toSorted((a, b) => a.from - b.from)) {
    if (from >= span.to) break;
    self += Math.max(0, from - at);
    at = Math.max(at, to);
  }
  return self + Math.max(0, span.to - at);
}

/** The repeat that each point is one of, as the tree of the terminal folds them. */
function repeatsOf(analysis: Analysis, { spans, indexOf }: Order): readonly number[] {
  const column = spans.map(() => -1);
  let count = 0;
  for (const { point } of spans) {
    for (const points of repeatsAmong(point.children)) {
      for (const each of points) column[indexOf.get(analysis.spanOf(each)!)!] = count;
      count++;
    }
  }
  return column;
}
