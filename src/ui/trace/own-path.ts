// The time that the critical path spends in each row itself. All of them together are the duration.
import { flag } from '../../report/page/page-trace.js';
import type { Model } from './model.js';

const known = new WeakMap<Model, Float64Array>();

/**
 * The time of the path in each row without what is below it, in microseconds. A gap has its own; a repeat has that of
 * its points, which have it too.
 */
export function ownPathOf(model: Model): Float64Array {
  const found = known.get(model) ?? divide(model);
  known.set(model, found);
  return found;
}

/** The point above a point, or its call if that one stands in the call's row; -1 for the root. */
export function pointAbove({ trace: { points } }: Model, point: number): number {
  const up = points.parent[point]!;
  return up >= 0 && (points.flags[up]! & flag.merged) !== 0 ? points.parent[up]! : up;
}

function divide(model: Model): Float64Array {
  const { trace, points, repeats, rows, above, isOnPath, onPath } = model;
  const { flags, repeat } = trace.points;
  const own = onPath.slice();
  const gapRow = points + repeats;
  // A merged point stands in its parent's row, whose time includes it.
  for (let point = 1; point < points; point++) {
    if (isOnPath[point] === 1 && (flags[point]! & flag.merged) === 0)
      own[pointAbove(model, point)]! -= onPath[point]!;
  }
  for (let gap = gapRow; gap < rows; gap++) own[above[gap]!]! -= onPath[gap]!;
  own.fill(0, points, gapRow);
  for (let point = 0; point < points; point++) {
    if ((flags[point]! & flag.merged) !== 0) own[point] = 0;
    else if (repeat[point]! >= 0) own[points + repeat[point]!]! += own[point]!;
  }
  return own;
}
