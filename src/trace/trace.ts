// The life of traces in this thread, and the count of live traces.
//
// A trace is held by whoever began it and by its open points (`holds`). It is closed once nothing at its top is
// open any more (`tops`), then accepts new points for `OSTRACE_LINGER` milliseconds, then counts late calls for
// five seconds, and is gone after that. Only then is it no longer live.
//
// The price while nothing is traced is one look at `tracing.live` in each wrapper. A trace that is held is in a
// set. A live trace that nobody holds is only a number in `quiet`, which has a slot for each tick of half a second;
// one timer, the sweep, subtracts the slot whose time is over. Objects in a list, in its place, lived through V8's
// collections, and a traced request cost a fifth more.
import { anchor, elapsed } from './clock.js';
import type { Info } from './event.js';
import { type Id, idOf } from './ids.js';
import { notice, wordsOf } from './notice.js';

const tickMs = 500;
// Ten minutes without a start or a stop: a point of the trace will never stop (a response that Node never closes, a
// `start` of the API that was forgotten), and the price of one trace must not last forever.
const abandonedTicks = 1200;
/** For this long after its end, a trace counts the calls that it does not record any more. */
const countingMs = 5000;
let tick = 0;
let sweeping: NodeJS.Timeout | undefined;
// Taken at the start, because tests put timers of their own in its place.
const { setTimeout: later } = globalThis;

let lingerMs = 100;
let goneTicks = 0;

/** One trace in this thread, from its trigger until none of its work is left. */
export class Trace {
  readonly base_id: string;
  /** The same id, in the form in which events have it. */
  readonly id: Id;
  readonly anchoredMs = anchor();
  /** The number of holders that keep the trace live: its open points, and whoever began it. */
  holds = 1;
  /**
   * The number of holders at its top in this thread: whoever began it, and the points that are below no other point
   * of this thread.
   */
  tops = 1;
  /** The first point at its top. */
  top: Id | undefined;
  /** When the last holder at its top let go, on the monotonic clock; Infinity before. */
  closedAt = Infinity;
  /** The tick in which it was last held or released. */
  usedAt = tick;
  /** Whether it was ended before its time. */
  isOver = false;
  /** Whether it is the trace of the whole thread, which is never abandoned, however quiet it is. */
  isLasting = false;
  /** Whether its code may do the work of other requests by now: its calls are nobody's. */
  isAnybodys = false;
  /** Asks whether the thread that this trace came from has ended it. */
  isEndedThere: (() => boolean) | undefined;
  /** How many calls came after its end that would have been points of it, and were not reported yet. */
  late = 0;
  /** Whether it has reported some of them. */
  hasTold = false;
  /** How many calls without a known trace were counted before this one began. */
  readonly unknownBefore = leftOut.unknown;
  // Private, because before Node 24 a storage is kept on the very objects that Node makes (parsers, timers), and
  // applications print those.
  readonly #hmac_key: string;

  constructor(base_id: string, hmac_key: string) {
    this.base_id = base_id;
    this.id = idOf(base_id);
    this.#hmac_key = hmac_key;
  }

  /** The key that verified the trigger. It signs outgoing requests. */
  get hmac_key(): string {
    return this.#hmac_key;
  }

  /** Whether all of its code may start points. Later, only code within an open point may. */
  get isOpen(): boolean {
    return !this.isOver && (this.closedAt === Infinity || elapsed() - this.closedAt < lingerMs);
  }

  /** Whether it counts calls that come too late. */
  get isCounting(): boolean {
    return elapsed() - this.closedAt < lingerMs + countingMs;
  }

  /** Whether it does not even count late calls any more. */
  get isGone(): boolean {
    return (this.isOver || this.holds <= 0) && tick - this.usedAt >= goneTicks;
  }
}

/**
 * How many traces are live in this thread. Every wrapper checks this first: while it is zero, nothing is allocated,
 * no storage is entered, and the original is called.
 */
export const tracing: { live: number } = { live: 0 };

/** The calls that were not recorded although something is traced. */
export const leftOut: {
  /** How many calls so far nobody could assign to a trace. */
  unknown: number;
  /** Traces with calls that came too late, for as long as they count them. */
  readonly late: Set<Trace>;
  /** Each says what else is missing in a trace that has ended; undefined if nothing is. */
  readonly others: ((trace: Trace) => Info | undefined)[];
} = { unknown: 0, late: new Set(), others: [] };

/** The listeners to the life of traces. */
export const lifecycle: {
  /** The first trace begins, and the last trace is gone: for what is only needed in between. */
  readonly onFirst: (() => void)[];
  readonly onLast: (() => void)[];
  /** Everything at the top of a trace is done. */
  readonly onClosed: ((trace: Trace) => void)[];
  /** Twice a second while a trace is live. */
  readonly onTick: (() => void)[];
} = { onFirst: [], onLast: [], onClosed: [], onTick: [] };

// A live trace that nobody holds is only counted, by the tick of its last use, so it becomes garbage as soon as
// none of its code is left: see the head of this file.
const held = new Set<Trace>();
let quiet: number[] = [];
const slotOf = (usedAt: number): number => usedAt % quiet.length;

/** A listener to an end, and how that end is recognised. */
interface Listener {
  isEnded(): boolean;
  tell(): void;
}
/** The listeners that wait for an end. */
export const listeners: Set<Listener> = new Set();

/**
 * Sets how long traces accept new points after their end. Call it before the first trace begins.
 *
 * @param ms milliseconds
 */
export function setLinger(ms: number): void {
  lingerMs = ms;
  goneTicks = Math.ceil((lingerMs + countingMs) / tickMs);
  quiet = Array.from({ length: goneTicks + 1 }, () => 0);
}
setLinger(lingerMs);

/** Begins a trace, which the caller holds once and has to `release`. */
export function beginTrace(base_id: string, hmac_key: string): Trace {
  const trace = new Trace(base_id, hmac_key);
  held.add(trace);
  sweeping ??= later(sweep, tickMs).unref();
  if (++tracing.live === 1) tell(lifecycle.onFirst);
  return trace;
}

/**
 * Keeps a trace live until the matching `release`.
 *
 * @param isTop whether the trace is also not closed before that
 */
export function hold(trace: Trace, isTop: boolean): void {
  if (trace.holds++ === 0 && !trace.isOver) {
    if (trace.isGone) {
      trace.isOver = true;
    } else {
      quiet[slotOf(trace.usedAt)]!--;
      held.add(trace);
    }
  }
  if (isTop) trace.tops++;
  if (!trace.isOver) trace.usedAt = tick;
}

/** Gives up one hold, by default that of whoever began the trace. */
export function release(trace: Trace, isTop = true): void {
  trace.holds--;
  if (isTop && --trace.tops === 0 && trace.closedAt === Infinity) close(trace);
  if (trace.isOver) return;
  trace.usedAt = tick;
  if (trace.holds === 0 && held.delete(trace)) quiet[slotOf(tick)]!++;
}

function close(trace: Trace): void {
  trace.closedAt = elapsed();
  for (const listener of lifecycle.onClosed) guardedTell(() => listener(trace));
  if (listeners.size > 0) later(tellEnded, lingerMs + 1).unref();
}

/**
 * Calls a listener after an end, at most half a second later.
 *
 * @returns removes the listener
 */
export function onceEnded(isEnded: () => boolean, listener: () => void): () => void {
  const entry: Listener = { isEnded, tell: listener };
  listeners.add(entry);
  return () => listeners.delete(entry);
}

/** Ends a trace before its time. */
export function endTrace(trace: Trace): void {
  if (trace.isOver || trace.isGone) return;
  trace.isOver = true;
  if (trace.closedAt === Infinity) close(trace);
  if (!held.delete(trace)) return;
  trace.usedAt = tick;
  quiet[slotOf(tick)]!++;
}

function sweep(): void {
  tick++;
  for (const trace of held) {
    const isAbandoned = !trace.isLasting && tick - trace.usedAt >= abandonedTicks;
    if (isAbandoned || trace.isEndedThere?.() === true) endTrace(trace);
  }
  tell(lifecycle.onTick);
  tellEnded();
  const ending = slotOf(tick - goneTicks + quiet.length);
  const count = quiet[ending]!;
  quiet[ending] = 0;
  tracing.live -= count;
  if (tracing.live > 0) {
    sweeping = later(sweep, tickMs).unref();
    return;
  }
  sweeping = undefined;
  if (count > 0) tell(lifecycle.onLast);
}

function tellEnded(): void {
  for (const entry of listeners) {
    if (!entry.isEnded()) continue;
    listeners.delete(entry);
    guardedTell(entry.tell);
  }
}

function tell(told: Iterable<() => void>): void {
  for (const listener of told) guardedTell(listener);
}

/** Calls a listener. An error in it is a bug of ours, and must neither keep a trace live nor end the process. */
function guardedTell(listener: () => void): void {
  try {
    listener();
  } catch (error) {
    notice(
      `a trace could not be started or ended; the application goes on. Please report: ${wordsOf(error)}`,
    );
  }
}
