// Work without an end: the process crashed, was killed, or still hangs.
import { failureIn } from '../../trace/failed.js';
import type { Analysis } from '../analysis/analyse.js';
import { type Span, isWholeTrace } from '../analysis/span.js';
import { duration } from '../format.js';
import type { Detector } from './finding.js';
import { nameOf, placeOf } from './words.js';

/** Finds the last thing that began and has no end, in each process of which work is unfinished. */
export const findUnfinished: Detector = (analysis) => {
  const open = analysis.spans.filter(
    (span) => span.isOpen && span.point.started !== undefined && !isOverInside(span),
  );
  const deepest = open.filter((span) => !span.children.some(({ isOpen }) => isOpen) && !outlives(span));
  const last = new Map<string, Span>();
  const most = new Map<string, number>();
  for (const span of deepest) {
    const key = JSON.stringify([span.point.host, span.point.service]);
    most.set(key, (most.get(key) ?? 0) + 1);
    const known = last.get(key);
    if (known === undefined || span.from >= known.from) last.set(key, span);
  }
  return Array.from(last, ([key, span]) => {
    const top = topOf(span);
    const others = most.get(key)! - 1;
    const begun = top === span ? '' : `; the last that it began: ${nameOf(span)}`;
    const more = others === 0 ? '' : ` (${others} more without an end)`;
    return {
      kind: 'unfinished' as const,
      sentence: `${nameOf(top)}${placeOf(top, analysis)} has no end${endOf(top, analysis)}${begun}${more}.`,
      explains: span.to - span.from,
      wins: undefined,
      points: top === span ? [span.point] : [span.point, top.point],
      advice: 'Look whether its process crashed, was killed or still hangs at that call.',
    };
  });
};

/** Whether a thread or a command has done its work, so that only its end was not seen: its process ended before. */
function isOverInside({ point, children }: Span): boolean {
  const main = children.filter(
    (child) => child.point.name === 'thread_main' || child.point.name === 'process',
  );
  return (
    (point.name === 'thread' || point.name === 'command') &&
    main.length > 0 &&
    main.every(({ isOpen }) => !isOpen)
  );
}

const runners: ReadonlySet<string> = new Set(['thread', 'thread_main', 'command', 'process']);

/**
 * Whether a thread or a process is without work that was begun, and who started it came to a good end: it still ran
 * when the trace was read, as one of a pool does.
 */
function outlives(span: Span): boolean {
  let above: Span | undefined = span;
  while (above !== undefined && runners.has(above.point.name) && above.isOpen) above = above.parent;
  return (
    above !== span &&
    above !== undefined &&
    !isWholeTrace(above) &&
    !above.isOpen &&
    failureIn(above.point.stopInfo ?? {}) === undefined
  );
}

/** The highest unfinished point above, all between being unfinished too. */
function topOf(span: Span): Span {
  let top = span;
  while (top.parent?.isOpen === true) top = top.parent;
  return top;
}

/** How the process of the point ended, if a point of the process or of who started it says so. */
function endOf(top: Span, { tree }: Analysis): string {
  const above = top.parent?.point;
  const failure = failureIn(above?.stopInfo ?? {});
  if (above !== undefined && failure !== undefined && (failure.kind === 'exit' || failure.kind === 'error')) {
    return failure.kind === 'exit'
      ? `: its process ended by ${failure.type}`
      : `: ${failure.type}${failure.message === undefined ? '' : `: ${failure.message}`}`;
  }
  const silent = tree.total - top.from;
  return silent > 0 ? `, and nothing was recorded later than ${duration(silent)} after its start` : '';
}
