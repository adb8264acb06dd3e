// OSProfiler's readers compare timestamps of several processes, so they are wall time; a point's two
// timestamps must not jump with the wall clock, so each trace keeps one anchor for all of its points.

// `timeOrigin + now()` is good to microseconds, while `Date.now()` is cut to milliseconds; so the anchor
// is `timeOrigin` for as long as the wall clock has not been stepped since the process started.
let originMs: number | undefined;

// Taken now: tests put clocks of their own into their place.
const wallNow = Date.now;
let monotonicNow: () => number;

/** The wall clock's time, in milliseconds, at which this process's monotonic clock read zero. */
export function anchor(): number {
  if (originMs === undefined) {
    // To load it and to read it first costs two milliseconds: not before the first trace. By then the global one
    // may be a test's, and methods on it: its class has Node's.
    const { performance } = require('node:perf_hooks') as typeof import('node:perf_hooks');
    const nodes = Object.getPrototypeOf(performance) as typeof performance;
    monotonicNow = nodes.now.bind(performance);
    originMs = Reflect.get(nodes, 'timeOrigin', performance);
  }
  const monotonicMs = monotonicNow();
  const wallMs = wallNow();
  const aheadMs = wallMs - (originMs + monotonicMs);
  // In step, the cut puts `Date.now()` up to a millisecond behind.
  if (aheadMs > 1 || aheadMs < -2) originMs = wallMs + 0.5 - monotonicMs;
  return originMs;
}

/**
 * The wall clock's time now, in milliseconds since 1970 with microseconds behind the point.
 *
 * @param anchoredMs what `anchor` gave when the trace began
 */
export const now = (anchoredMs: number): number => anchoredMs + monotonicNow();

// `toISOString` costs as much as the rest of an event: once a second is enough.
let second = -1;
let prefix = '';

/** A time of `now`, as OSProfiler writes it: UTC with microseconds and without a `Z`. */
export function timestampOf(ms: number): string {
  const micros = Math.round(ms * 1000);
  const wholeSecond = Math.floor(micros / 1e6);
  if (wholeSecond !== second) {
    second = wholeSecond;
    prefix = new Date(wholeSecond * 1000).toISOString().slice(0, 20);
  }
  return prefix + String(1_000_000 + (micros - wholeSecond * 1e6)).slice(1);
}
