// The life of traces in this thread.
import { anchor, elapsed } from './clock.js';
import { type Id, idOf } from './ids.js';
import { notice, wordsOf } from './notice.js';

const tickMs = 500;
// Ten minutes without a start or a stop: a point of it will never stop (a response that Node never closes,
// a `start` of the API's that was forgotten), and what one trace costs must not last for ever.
const abandonedTicks = 1200;
/** For so long after its end a trace counts what it does not take any more. */
const countingMs = 5000;
let tick = 0;
let sweeping: NodeJS.Timeout | undefined;
// Taken now: tests put timers of their own into their place.
const { setTimeout: later } = globalThis;

let lingerMs = 100;
let goneTicks = 0;

/** One trace in this thread, from its trigger until none of its work is left. */
export class Trace {
  readonly base_id: string;
  /** The same, as events have it. */
  readonly id: Id;
  readonly anchoredMs = anchor();
  /** What keeps the trace live: its open points, and whoever began it. */
  holds = 1;
  /** Those of its holds that stand at its top here: whoever began it, and the points below no other of this thread. */
  tops = 1;
  /** The first point at its top. */
  top: Id | undefined;
  /** When the last of the tops was gone, on the monotonic clock; Infinity before. */
  closedAt = Infinity;
  /** The tick in which it was held or released last. */
  usedAt = tick;
  /** It has ended for a reason of its own. */
  isOver = false;
  /** It is that of the thread as a whole: however quiet it is, it is not abandoned. */
  isLasting = false;
  /** Asks whether the thread that this trace came from has ended it. */
  isEndedThere: (() => boolean) | undefined;
  /** How many calls would have been points of it, had they not come after its end, and were not told of yet. */
  late = 0;
  /** It has told of some of them. */
  hasTold = false;
  /** How many calls nobody could tell the trace of before this one began. */
  readonly unknownBefore = leftOut.unknown;
  // Private: before Node 24 a storage hangs on the very objects that Node makes (parsers, timers), and
  // applications print those.
  readonly #hmac_key: string;

  constructor(base_id: string, hmac_key: string) {
    this.base_id = base_id;
    this.id = idOf(base_id);
    this.#hmac_key = hmac_key;
  }

  /** The key that verified the trigger: it signs what goes out. */
  get hmac_key(): string {
    return this.#hmac_key;
  }

  /** Whether any of its code may start points; afterwards only what runs within a point that is still open. */
  get isOpen(): boolean {
    return !this.isOver && (this.closedAt === Infinity || elapsed() - this.closedAt < lingerMs);
  }

  /** Whether it counts what comes too late. */
  get isCounting(): boolean {
    return elapsed() - this.closedAt < lingerMs + countingMs;
  }

  /** Not even what comes too late is counted any more. */
  get isGone(): boolean {
    return (this.isOver || this.holds <= 0) && tick - this.usedAt >= goneTicks;
  }
}

/**
 * How many traces are live in this thread. Every wrapper looks at this first: while it is zero, nothing
 * is allocated, no storage is entered, and the original is called.
 */
export const tracing: { live: number } = { live: 0 };

/** What was not recorded although something is traced. */
export const leftOut: {
  /** How many calls so far nobody could tell the trace of. */
  unknown: number;
  /** Traces with calls that came too late, for as long as they count them. */
  readonly late: Set<Trace>;
} = { unknown: 0, late: new Set() };

/** Told of what happens to traces. */
export const lifecycle: {
  /** The first trace begins, the last one has gone: for what is needed only meanwhile. */
  readonly onFirst: (() => void)[];
  readonly onLast: (() => void)[];
  /** All that stood at the top of a trace is done. */
  readonly onClosed: ((trace: Trace) => void)[];
  /** Twice a second while a trace is live. */
  readonly onTick: (() => void)[];
} = { onFirst: [], onLast: [], onClosed: [], onTick: [] };

// A live trace that nothing holds is only counted, by the tick of its last use: so it is garbage as soon as none of
// its code is left. In a list for the seconds until it has gone, thousands of them live through V8's collections, and
// a traced request costs a fifth more.
const held = new Set<Trace>();
let quiet: number[] = [];
const slotOf = (usedAt: number): number => usedAt % quiet.length;

/** Who wants to know of an end, and how it is known. */
interface Listener {
  isEnded(): boolean;
  tell(): void;
}
/** Those who wait for an end. */
export const listeners: Set<Listener> = new Set();

/**
 * Says how long traces take new points after their end. Before the first trace begins.
 *
 * @param ms milliseconds
 */
export function setLinger(ms: number): void {
  lingerMs = ms;
  goneTicks = Math.ceil((lingerMs + countingMs) / tickMs);
  quiet = Array.from({ length: goneTicks + 1 }, () => 0);
}
setLinger(lingerMs);

/** Begins a trace, held once by the caller: `release` it. */
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
 * @param isTop whether it is not over before that is released either
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

/** Gives up one hold, as a rule that of whoever began the trace. */
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
 * Has a listener told of an end, at the latest half a second after it.
 *
 * @returns takes it back
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

/** Tells a listener. What it throws is a bug of ours, and must neither keep a trace live nor end the process. */
function guardedTell(listener: () => void): void {
  try {
    listener();
  } catch (error) {
    notice(
      `a trace could not be started or ended; the application goes on. Please report: ${wordsOf(error)}`,
    );
  }
}
