// Knows for how long the event loop has been busy when a request comes, by the requests before it.
//
// A request that comes while the loop is blocked is read from its connection only afterwards, and nothing tells when
// it came. But the loop has not waited for events since an earlier request began, if its idle time is still the same.
// A client that asks again over one connection has mostly waited for its answer before. So a request says nothing if
// an earlier one came over the same connection in the same busy time.
//
// The price for each request, traced or not: one reading of the idle time, 35 ns and the 16 bytes of its number;
// where it has changed, one of the clock, 40 ns; a number that is kept with the connection, 5 ns. The first request
// loads `perf_hooks`.
import { anchor, elapsed } from './clock.js';
import { hasLoop, idleMs } from './loop.js';
import { createStamp } from './stamp.js';
import { lifecycle } from './trace.js';

const leastMs = 1;

/** The idle time when the last request began, and the time since which the loop has been busy. */
const last = new Float64Array(2);
/** The number of busy times so far, and that of the last request of each connection. */
let busyTime = 0;
const seen = createStamp<number>();
let isReady = false;
let isKnown = false;
let before = 0;

/**
 * Notes that a request begins. Call it first of all: to begin a trace may take the agent a while.
 *
 * @param connection the socket or the session that it came over
 * @param isAsked whether a point of it may ask `takeBusyBefore`
 */
export function noteRequest(connection: unknown, isAsked: boolean): void {
  before = 0;
  if (!isReady) prepare();
  if (!isKnown) return;
  const idle = idleMs();
  if (idle !== last[0]) {
    last[0] = idle;
    last[1] = elapsed();
    // A small integer takes no memory of its own.
    busyTime = (busyTime + 1) & 0x3fffffff;
  } else if (isAsked && seen.of(connection) !== busyTime) {
    before = elapsed() - last[1]!;
  }
  if (typeof connection === 'object' && connection !== null) seen.put(connection, busyTime);
}

function prepare(): void {
  isReady = true;
  anchor();
  isKnown = hasLoop();
  last[0] = -1;
}

/**
 * Takes for how long the loop had been busy without a pause when the last request began, as far as requests tell, in
 * milliseconds; 0 if that is less than a millisecond, unknown or taken.
 */
export function takeBusyBefore(): number {
  const ms = before;
  before = 0;
  return ms >= leastMs ? ms : 0;
}

/** A request whose handler has kept the loop busy. */
export interface Blocker {
  readonly method: string;
  readonly path: string;
}

let longest: { readonly blocker: Blocker; readonly fromMs: number; readonly ms: number } | undefined;
lifecycle.onLast.push(() => (longest = undefined));

/** Notes that a handler ran from one moment to another without a break. */
export function noteBlocker(blocker: Blocker, fromMs: number, untilMs: number): void {
  const ms = untilMs - fromMs;
  if (longest === undefined || longest.fromMs < last[1]! || longest.ms < ms)
    longest = { blocker, fromMs, ms };
}

/**
 * The handler that ran longest without a break while the last request may have waited, and for how long; undefined if
 * that is not known. Ask before `takeBusyBefore`.
 */
export function blockerBefore(): (Blocker & { readonly ms: number }) | undefined {
  if (before < leastMs || longest === undefined || longest.fromMs < last[1]!) return undefined;
  return { ...longest.blocker, ms: Math.round(longest.ms * 1000) / 1000 };
}
