// The clock of points. OSProfiler's readers compare timestamps of several processes, so timestamps are wall time.
// The two timestamps of a point must not jump with the wall clock, so each trace keeps one anchor for all of its
// points.

import { takeLoop } from './loop.js';

// `timeOrigin + now()` is exact to microseconds, while `Date.now()` is cut to milliseconds. The anchor is therefore
// `timeOrigin`, as long as the wall clock has not been stepped since the process started.
let originMs: number | undefined;

// Taken at the start, because tests put clocks of their own in their place.
const wallNow = Date.now;
let monotonicNow = (): number => {
  anchor();
  return monotonicNow();
};

/** The wall clock's time, in milliseconds, at which this process's monotonic clock read zero. */
export function anchor(): number {
  if (originMs === undefined) {
    // Loading this module and reading it first costs two milliseconds, so that waits for the first trace. By then
    // the global `performance` may be a test's, with methods on it; its class still has Node's.
    const { performance } = require('node:perf_hooks') as typeof import('node:perf_hooks');
    const nodes = Object.getPrototypeOf(performance) as typeof performance;
    monotonicNow = nodes.now.bind(performance);
    originMs = Reflect.get(nodes, 'timeOrigin', performance);
    takeLoop(nodes);
  }
  const monotonicMs = monotonicNow();
  const wallMs = wallNow();
  const aheadMs = wallMs - (originMs + monotonicMs);
  // While the clocks are in step, the cut puts `Date.now()` up to a millisecond behind.
  if (aheadMs > 1 || aheadMs < -2) originMs = wallMs + 0.5 - monotonicMs;
  return originMs;
}

/**
 * The wall clock's time now, in milliseconds since 1970 with microseconds behind the point.
 *
 * @param anchoredMs what `anchor` gave when the trace began
 */
export const now = (anchoredMs: number): number => anchoredMs + monotonicNow();

/** The monotonic clock, in milliseconds: Node's own, whatever the application has done to the global one. */
export const elapsed = (): number => monotonicNow();
