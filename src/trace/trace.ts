// The life of traces in this thread.
import { anchor } from './clock.js';
import { type Id, idOf } from './ids.js';
import { notice, wordsOf } from './notice.js';

// Work that a request left behind (a write after the response) is still its own: a trace ends when none of
// its points has been open for this many ticks of half a second.
const tickMs = 500;
const lingerTicks = 2;
// Ten minutes without a start or a stop: a point of it will never stop (a response that Node never closes,
// a `start` of the API's that was forgotten), and what one trace costs must not last for ever.
const abandonedTicks = 1200;
let tick = 0;
let sweeping: NodeJS.Timeout | undefined;
// Taken now: tests put timers of their own into their place.
const { setTimeout: later } = globalThis;

/** One trace in this thread, from its trigger until none of its work is left. */
export class Trace {
  readonly base_id: string;
  /** The same, as events have it. */
  readonly id: Id;
  readonly anchoredMs = anchor();
  /** What keeps the trace live: its open points, and whoever began it. */
  holds = 1;
  /** The tick in which it was held or released last. */
  usedAt = tick;
  /** It has ended for a reason of its own. */
  isOver = false;
  /** It is that of the thread as a whole: however quiet it is, it is not abandoned. */
  isLasting = false;
  /** Who is told when it ends; see `onceEnded`. */
  onEnd: Set<() => void> | undefined;
  /** Asks whether the thread that this trace came from has ended it. */
  isEndedThere: (() => boolean) | undefined;
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

  /** Nothing that runs belongs to it any more. */
  get ended(): boolean {
    return this.isOver || (this.holds <= 0 && tick - this.usedAt >= lingerTicks);
  }
}

/**
 * How many traces are live in this thread. Every wrapper looks at this first: while it is zero, nothing
 * is allocated, no storage is entered, and the original is called.
 */
export const tracing: { live: number } = { live: 0 };

/** Told when the first trace begins and the last one ends: for what is needed only meanwhile. */
export const lifecycle: { readonly onFirst: (() => void)[]; readonly onLast: (() => void)[] } = {
  onFirst: [],
  onLast: [],
};

// A live trace that nothing holds is only counted, by the tick of its last use: so it is garbage as soon as none of
// its code is left. In a list for the second until it ends, thousands of them live through V8's collections, and a
// traced request costs a fifth more.
const held = new Set<Trace>();
const quiet: number[] = Array.from({ length: lingerTicks + 1 }, () => 0);
const slotOf = (usedAt: number): number => usedAt % quiet.length;
/** Whoever listens to their end needs them. */
const heard = new Set<Trace>();

/** Begins a trace, held once by the caller: `release` it. */
export function beginTrace(base_id: string, hmac_key: string): Trace {
  const trace = new Trace(base_id, hmac_key);
  held.add(trace);
  sweeping ??= later(sweep, tickMs).unref();
  if (++tracing.live === 1) tell(lifecycle.onFirst);
  return trace;
}

/** Keeps a trace live until the matching `release`. */
export function hold(trace: Trace): void {
  if (trace.holds === 0) {
    if (trace.ended) {
      trace.isOver = true;
    } else {
      quiet[slotOf(trace.usedAt)]!--;
      held.add(trace);
    }
  }
  trace.holds++;
  trace.usedAt = tick;
}

/** Gives up one hold; when none is left for a while, the trace ends. */
export function release(trace: Trace): void {
  trace.holds--;
  trace.usedAt = tick;
  if (trace.holds === 0 && held.delete(trace)) quiet[slotOf(tick)]!++;
}

/** Has a listener told when a trace ends; gives what takes it back. */
export function onceEnded(trace: Trace, listener: () => void): () => void {
  (trace.onEnd ??= new Set()).add(listener);
  heard.add(trace);
  return () => {
    trace.onEnd?.delete(listener);
    if (trace.onEnd?.size === 0) heard.delete(trace);
  };
}

/** Ends a trace before its time. */
export function endTrace(trace: Trace): void {
  if (trace.ended) return;
  if (!held.delete(trace)) quiet[slotOf(trace.usedAt)]!--;
  trace.isOver = true;
  settle(1);
}

function sweep(): void {
  tick++;
  for (const trace of held) {
    if (!trace.isLasting && tick - trace.usedAt >= abandonedTicks) endTrace(trace);
  }
  const ending = slotOf(tick - lingerTicks + quiet.length);
  const count = quiet[ending]!;
  quiet[ending] = 0;
  settle(count);
  sweeping = tracing.live > 0 ? later(sweep, tickMs).unref() : undefined;
}

/** So many traces have ended. */
function settle(count: number): void {
  if (count === 0) return;
  tracing.live -= count;
  for (const trace of heard) {
    if (!trace.ended) continue;
    heard.delete(trace);
    tell(trace.onEnd ?? []);
    trace.onEnd = undefined;
  }
  if (tracing.live === 0) tell(lifecycle.onLast);
}

/** Tells listeners. What one throws is a bug of ours, and must neither keep a trace live nor end the process. */
function tell(listeners: Iterable<() => void>): void {
  for (const listener of listeners) {
    try {
      listener();
    } catch (error) {
      notice(
        `the begin or the end of a trace failed; the application goes on. Please report: ${wordsOf(error)}`,
      );
    }
  }
}
