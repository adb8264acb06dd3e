// Divides the duration of a trace among its points, without a rest: the critical path.
//
// The walk goes from the end of a point back to its start. What the point waited for last is the child that ended
// last; before that child began, the child that had ended last by then; and so on, within each of these children in
// the same way. What lies between is the point's own. Each child is looked at once, in the order of the ends, and
// there is no recursion: the time is O(n log n), and a trace may be deeper than the stack.
import { type Span, isBeside, isCallee } from './span.js';

/** A part of the trace's duration, in microseconds since the trace's first event. */
export interface Segment {
  readonly span: Span;
  readonly from: number;
  readonly to: number;
  /**
   * `self`: nothing is recorded below the point. `child`: something below it was running that the point did not
   * wait for at its end. `gap`: it has points below it, and none of them was running.
   */
  readonly what: 'self' | 'child' | 'gap';
}

/** The stay of the critical path in a point and all that is below it. */
export interface Stay {
  readonly from: number;
  readonly to: number;
  /** How much sooner the trace would end if the point took no time, by what else was running. */
  readonly drag: number;
}

export interface Partition {
  /** In the order of time; each begins where the one before it ends. */
  readonly segments: readonly Segment[];
  /** The points on the critical path. */
  readonly stays: ReadonlyMap<Span, Stay>;
}

/** A child that its parent has waited for, until when. */
interface Awaited {
  readonly span: Span;
  readonly from: number;
  readonly to: number;
}

interface Frame {
  readonly span: Span;
  readonly from: number;
  readonly to: number;
  readonly drag: number;
  /** By their end, the last one first. */
  readonly awaited: readonly Awaited[];
  next: number;
  /** Up to here the time is still to be divided. */
  until: number;
  /** The times in which any child was running, from the last to the first, and how many of them are done with. */
  readonly cover: readonly Stretch[];
  covered: number;
}

interface Stretch {
  readonly from: number;
  readonly to: number;
}

/** Two siblings of which one began after the other may overlap by this part of their parent, as clocks are cut. */
const tolerance = 0.01;

/** Divides the time of a point, which is the trace's duration if the point is its root. */
export function partition(root: Span): Partition {
  const segments: Segment[] = [];
  const stays = new Map<Span, Stay>();
  const open: Frame[] = [];
  const enter = (span: Span, from: number, to: number, drag: number): void => {
    stays.set(span, { from, to, drag });
    if (span.children.length === 0) {
      segments.push({ span, from, to, what: 'self' });
      return;
    }
    const awaited = awaitedOf(span, from, to);
    open.push({ span, from, to, drag, awaited, next: 0, until: to, cover: coverOf(span), covered: 0 });
  };
  if (root.from < root.to) enter(root, root.from, root.to, root.to - root.from);
  for (let frame = open.at(-1); frame !== undefined; frame = open.at(-1)) {
    const child = nextOf(frame);
    if (child === undefined) {
      divide(frame, frame.from, segments);
      open.pop();
      continue;
    }
    const to = Math.min(child.to, frame.until);
    divide(frame, to, segments);
    frame.until = child.from;
    const following = frame.awaited[frame.next];
    const own = to - Math.max(child.from, Math.min(to, following?.to ?? frame.from));
    enter(child.span, child.from, to, Math.min(own, frame.drag));
  }
  return { segments: segments.toReversed(), stays };
}

/** The child that had ended last when the rest of the frame's time began. */
function nextOf(frame: Frame): Awaited | undefined {
  const most = frame.until + Math.max(1, (frame.to - frame.from) * tolerance);
  for (;;) {
    const child = frame.awaited[frame.next];
    if (child === undefined) return undefined;
    frame.next++;
    if (child.to <= most && child.from < Math.min(child.to, frame.until)) return child;
  }
}

function awaitedOf(span: Span, from: number, to: number): Awaited[] {
  const awaited: Awaited[] = [];
  for (const child of span.children) {
    const end = awaitedUntil(child, from, to);
    if (end === undefined) continue;
    awaited.push({ span: child, from: Math.max(from, child.from), to: Math.min(to, end) });
  }
  // The longest of those that end together explains the most.
  return awaited.toSorted((a, b) => b.to - a.to || a.from - b.from);
}

/**
 * Until when the parent has waited for a child, as far as it shows; undefined if it did not.
 *
 * @param from the start of the parent's time
 * @param to the end of it
 */
function awaitedUntil(child: Span, from: number, to: number): number | undefined {
  if (isBeside(child)) return undefined;
  const late = child.to - to;
  if (late <= Math.max(1, (to - from) * tolerance) || isCallee(child) || child.point.name === 'sql')
    return child.to;
  if (child.point.name !== 'thread' && child.point.name !== 'process' && child.point.name !== 'command') {
    return undefined;
  }
  // A thread that goes on after the response had given its answer before: the last thing that it is known to have
  // done by then.
  return lastEventWithin(child, to);
}

/** The last event below a point up to this time. */
function lastEventWithin(top: Span, until: number): number | undefined {
  let last: number | undefined;
  const open = [...top.children];
  for (let span = open.pop(); span !== undefined; span = open.pop()) {
    if (span.from <= until) last = Math.max(last ?? -Infinity, span.from);
    if (span.to <= until) last = Math.max(last ?? -Infinity, span.to);
    for (const child of span.children) open.push(child);
  }
  return last;
}

/** Divides the time of a point itself, from where the walk stands back to `from`, by what was running below it. */
function divide(frame: Frame, from: number, segments: Segment[]): void {
  const { span, cover } = frame;
  let until = frame.until;
  while (from < until) {
    const stretch = cover[frame.covered];
    if (stretch !== undefined && stretch.from >= until) {
      frame.covered++;
      continue;
    }
    const end = Math.max(from, Math.min(until, stretch?.to ?? from));
    const start = Math.max(from, Math.min(end, stretch?.from ?? from));
    if (end < until) segments.push({ span, from: end, to: until, what: 'gap' });
    if (start < end) segments.push({ span, from: start, to: end, what: 'child' });
    until = start;
  }
}

function coverOf({ children }: Span): readonly Stretch[] {
  const cover: { from: number; to: number }[] = [];
  for (const { from, to } of children.toSorted((a, b) => b.to - a.to)) {
    if (from === to) continue;
    const last = cover.at(-1);
    if (last === undefined || to < last.from) cover.push({ from, to });
    else last.from = Math.min(last.from, from);
  }
  return cover;
}
