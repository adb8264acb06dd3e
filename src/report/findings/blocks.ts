// The parts of a trace in which an event loop was busy all the time, and so could not serve it.
import type { LoopTime } from '../analysis/loops.js';
import type { Segment } from '../analysis/partition.js';
import { oncePerAnalysis } from '../analysis/analyse.js';
import { type Span, isCallee } from '../analysis/span.js';
import { isCall } from './calls.js';
import { collectedIn } from './collections.js';

/** Some part of the critical path in which code was running all the time. */
export interface Block {
  readonly segment: Segment;
  readonly loop: LoopTime;
  /** How much of it was garbage collection, in microseconds. */
  readonly collected: number;
}

/** The parts of the critical path in which the loop of the point was busy for longer than this are blocks. */
export const fewestMicros = 10_000;

/** The parts of the critical path in which the event loop was blocked, as the events on both sides of them show. */
export const blocksOf = oncePerAnalysis((analysis): readonly Block[] => {
  return analysis.segments.flatMap((segment) => {
    const { span, from, to } = segment;
    if (to - from < fewestMicros || isBehindCallee(span)) return [];
    const loop = analysis.loops.between(span, from, to);
    if (loop === undefined || loop.busy < fewestMicros || loop.busy * 2 < to - from) return [];
    // Many short turns are a loop that has much to do, and not one that is blocked.
    if (loop.turns > 0 && loop.busy / (loop.turns + 1) < fewestMicros / 2) return [];
    // A command that the process waited for is a cause of its own.
    if (loop.turns === 0 && span.point.name === 'command') return [];
    return [{ segment, loop, collected: collectedIn(segment, analysis) }];
  });
});

/** The time of a call outside of its callee is the network's, and says nothing of the caller's loop. */
const isBehindCallee = (span: Span): boolean => isCall(span) && span.children.some(isCallee);
