// Gives each point of a tree the times that the analysis works with: complete, and of one clock.
import { isWork } from '../about.js';
import type { Tree, TreePoint } from '../tree.js';
import { hostOffsets } from './skew.js';
import { type Span, isBeside } from './span.js';

/** All points of a trace that are work, and the one that the others are part of. */
export interface Spans {
  /** The only root; or one that stands for the whole trace, if several points are at the top. */
  readonly root: Span;
  /** Each after its parent. Without the root that only stands for the trace. */
  readonly all: readonly Span[];
  /** The time that each host's clock was set forward by, in microseconds; only hosts whose clock was wrong. */
  readonly offsets: ReadonlyMap<string, number>;
}

type Draft = { -readonly [Key in keyof Span]: Span[Key] } & { parent: Draft | undefined; children: Draft[] };

/** Completes and corrects the times of all points. Without recursion: a trace may be deeper than the stack. */
export function spansOf(tree: Tree): Spans {
  const roots = tree.roots.filter(isWork);
  const all: Draft[] = roots.map((point) => draftOf(point, undefined));
  for (const span of all) {
    for (const child of span.point.children) {
      if (!isWork(child)) continue;
      const below = draftOf(child, span);
      span.children.push(below);
      all.push(below);
    }
  }
  const offsets = hostOffsets(all);
  for (const span of all) move(span, offsets.get(span.point.host ?? '') ?? 0);
  closeOpen(all, tree.total);
  const [only, ...others] = all.filter(({ parent }) => parent === undefined);
  const root = only !== undefined && others.length === 0 ? only : wholeOf(tree, all);
  return { root, all, offsets };
}

function draftOf(point: TreePoint, parent: Draft | undefined): Draft {
  const from = point.started ?? point.finished ?? 0;
  const to = Math.max(from, point.finished ?? from);
  return {
    point,
    parent,
    children: [],
    from,
    to,
    isOpen: point.finished === undefined,
    offset: 0,
    key: undefined,
    scope: undefined,
  };
}

function move(span: Draft, offset: number): void {
  span.offset = offset;
  span.from += offset;
  span.to += offset;
}

/**
 * Ends the unfinished points. One that was still open when the last event of the trace came, because all points
 * above it were, goes on until then. Of the others no more is known than the last event below them.
 */
function closeOpen(all: readonly Draft[], total: number): void {
  for (const span of all.toReversed()) {
    if (span.isOpen) for (const child of span.children) span.to = Math.max(span.to, child.to);
  }
  for (const span of all) {
    if (span.isOpen && (span.parent === undefined || span.parent.isOpen) && !isBeside(span)) {
      span.to = Math.max(span.to, total + span.offset);
    }
  }
}

/** Several points at the top: the trace itself is the point that they are part of. */
function wholeOf({ base_id, total }: Tree, all: readonly Draft[]): Draft {
  const roots = all.filter(({ parent }) => parent === undefined);
  const from = roots.reduce((first, span) => Math.min(first, span.from), all.length === 0 ? 0 : Infinity);
  const to = roots.reduce((last, span) => Math.max(last, span.to), all.length === 0 ? total : from);
  const point: TreePoint = {
    name: 'trace',
    trace_id: base_id,
    parent_id: base_id,
    project: null,
    service: null,
    host: null,
    events: [],
    started: from,
    finished: to,
    startInfo: undefined,
    stopInfo: undefined,
    children: roots.map((span) => span.point),
  };
  const whole: Draft = {
    point,
    parent: undefined,
    children: roots,
    from,
    to,
    isOpen: false,
    offset: 0,
    key: '',
    scope: undefined,
  };
  for (const root of roots) root.parent = whole;
  return whole;
}
