// How long points took.
import { isWork } from './about.js';
import { numberFact } from './facts.js';
import type { TreePoint } from './tree.js';

/**
 * How long a point took, in microseconds; undefined if its start or its stop is missing. Of short collections of
 * garbage that are one point, it is how long they took, without the time between them.
 */
export function tookOf(point: TreePoint): number | undefined {
  const { name, started, finished, startInfo } = point;
  if (started === undefined || finished === undefined) return undefined;
  const collected = name === 'gc' && !isWork(point) ? numberFact(startInfo, 'gc', 'ms') : undefined;
  const length = finished - started;
  return collected === undefined ? length : Math.min(length, Math.max(0, Math.round(collected * 1000)));
}
