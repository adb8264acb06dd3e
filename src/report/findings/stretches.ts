// Names the parts of the critical path that no point accounts for: a blocked loop, a pause, nothing recorded.
import type { Analysis } from '../analysis/analyse.js';
import { oncePerAnalysis } from '../analysis/analyse.js';
import type { Segment } from '../analysis/partition.js';
import { isInWorker, mostCollected } from './blocked.js';
import { blocksOf } from './blocks.js';
import { isCode } from './calls.js';
import { pausesOf } from './errors.js';
import { starvedIn } from './starved.js';

/** A part of the path in which something else passed than the work of its point. */
export interface Stretch {
  readonly pattern: 'blocked' | 'wait' | 'none';
  readonly what: string;
}

const paused: Stretch = { pattern: 'wait', what: 'paused before the next try' };
const unrecorded: Stretch = { pattern: 'none', what: 'nothing recorded' };
const blocked: Stretch = { pattern: 'blocked', what: 'event loop blocked' };
const collecting: Stretch = { pattern: 'blocked', what: 'event loop blocked by garbage collection' };
const starved: Stretch = { pattern: 'blocked', what: 'kept from the processor' };

/** Whether a part is the pause between a call that failed and its next try. */
export const isPause = (stretch: Stretch | undefined): boolean => stretch === paused;

/** Names a part of the critical path; undefined if it is work of its point. */
export function stretchOf(segment: Segment, analysis: Analysis): Stretch | undefined {
  const { span, what, from, to } = segment;
  // Synchronous work belongs into a worker thread, and blocks nobody there.
  const block = isInWorker(span) ? undefined : blocksIn(analysis).get(segment);
  if (block !== undefined) return block;
  // The time of a call outside of its callee is the network's, and code that calls nothing has all of its time for
  // itself.
  if (what === 'self' || !isCode(span)) return undefined;
  const pauses = pausesOf(analysis).get(span) ?? [];
  if (pauses.some((pause) => pause.from <= from && to <= pause.to)) return paused;
  if (what === 'child') return undefined;
  const loop = analysis.loops.between(span, from, to);
  // Code that ran without a break, from one point to the next, is the point's own.
  return loop?.turns === 0 && loop.busy * 2 >= to - from ? undefined : unrecorded;
}

const blocksIn = oncePerAnalysis((analysis): ReadonlyMap<Segment, Stretch> => {
  const kept = new Set(starvedIn(analysis).flatMap(({ blocks }) => blocks));
  return new Map(
    blocksOf(analysis).map((block) => {
      const { segment, collected, loop } = block;
      const isCollecting = collected >= loop.busy * mostCollected;
      return [segment, kept.has(block) ? starved : isCollecting ? collecting : blocked];
    }),
  );
});

/** `waiting`, `busy for 80 % of it`: what the event loop did during a part of the path; '' if that is not known. */
export function loopStateIn({ span, from, to }: Segment, { loops }: Analysis): string {
  const loop = loops.between(span, from, to);
  if (loop === undefined) return '';
  return loop.busy * 2 < to - from
    ? 'waiting'
    : `busy for ${Math.round((100 * loop.busy) / (to - from))} % of it`;
}
