// Names the request whose handler blocked an event loop, as far as the agent could tell.
import type { Analysis } from '../analysis/analyse.js';
import { isWork } from '../about.js';
import { textFact } from '../facts.js';
import { clean } from '../format.js';
import type { TreePoint } from '../tree.js';
import type { Block } from './blocks.js';
import { overlapWith } from './collections.js';

/** A request whose handler ran without a break while the event loop was blocked. */
export interface Blocker {
  /** `GET /report` */
  readonly name: string;
  /** How much of the time it ran, in microseconds. */
  readonly micros: number;
  readonly point: TreePoint;
}

/** A handler that ran for less than this part of a block is not its cause. */
const leastPart = 0.5;

/** The request whose handler blocked the loop; undefined if it is not known. */
export function blockerOf({ segment, loop }: Block, { tree }: Analysis): Blocker | undefined {
  let longest: Blocker | undefined;
  for (const point of tree.points) {
    if (point.name !== 'blocked' || isWork(point)) continue;
    const micros = overlapWith(point, segment);
    if (micros < loop.busy * leastPart || micros <= (longest?.micros ?? 0)) continue;
    longest = { name: blockerIn(point), micros, point };
  }
  return longest;
}

/** The request that a point names as the one that blocked the loop; '' if it names none. */
export function blockerIn({ startInfo }: TreePoint): string {
  const parts = [textFact(startInfo, 'blocked', 'method'), textFact(startInfo, 'blocked', 'path')];
  return clean(parts.filter((part) => part !== '').join(' '));
}
