import { AsyncLocalStorage } from 'node:async_hooks';

import { anchor } from './clock.js';

/** One trace in this thread, from its trigger until none of its work is left. */
export interface Trace {
  readonly base_id: string;
  /** The key that verified the trigger: it signs what goes out. */
  readonly hmac_key: string;
  readonly anchoredMs: number;
  /** What keeps the trace live: its open points, and whoever began it. */
  holds: number;
  ended: boolean;
  /** Told when the trace ends, so that threads that work for it stop as well. */
  readonly onEnd: (() => void)[];
  /** Asks whether the thread that this trace came from has ended it. */
  isOver: (() => boolean) | undefined;
}

/** Where code runs within a trace. Immutable, so that parallel work cannot cross. */
export interface Context {
  readonly trace: Trace;
  /** The id of the current point: the parent of what starts here. */
  readonly id: string;
  readonly parent_id: string;
  /** The name of the current point; '' outside of any. */
  readonly point: string;
  /** The library of whose call the current point is; '' for all others. */
  readonly library: string;
}

/**
 * How many traces are live in this thread. Every wrapper looks at this first: while it is zero, nothing
 * is allocated, no storage is entered, and the original is called.
 */
export const tracing: { live: number } = { live: 0 };

/** Told when the first trace begins and the last one ends: for what is needed only meanwhile. */
export const lifecycle: { onFirst: () => void; onLast: () => void } = { onFirst() {}, onLast() {} };

const storage = new AsyncLocalStorage<Context | undefined>();

// What runs outside of any request belongs to the process or the thread as a whole, when that is traced.
let threadContext: Context | undefined;

// Work that a request left behind (a write after the response) is still its own; this is how long none
// of a trace's points must be open until the trace ends, at least. Twice that at the most.
const lingerMs = 500;
const idle = new Map<Trace, { seen: boolean }>();
let sweeping: NodeJS.Timeout | undefined;

/** Begins a trace, held once by the caller: `release` it. */
export function beginTrace(base_id: string, hmac_key: string): Trace {
  if (++tracing.live === 1) lifecycle.onFirst();
  return { base_id, hmac_key, anchoredMs: anchor(), holds: 1, ended: false, onEnd: [], isOver: undefined };
}

/** Keeps a trace live until the matching `release`. */
export function hold(trace: Trace): void {
  trace.holds++;
}

/** Gives up one hold; when none is left for a while, the trace ends. */
export function release(trace: Trace): void {
  if (--trace.holds > 0 || trace.ended) return;
  idle.set(trace, { seen: false });
  sweeping ??= setTimeout(sweep, lingerMs).unref();
}

function sweep(): void {
  for (const [trace, state] of idle) {
    if (trace.holds > 0) idle.delete(trace);
    else if (state.seen) end(trace);
    else state.seen = true;
  }
  sweeping = idle.size > 0 ? setTimeout(sweep, lingerMs).unref() : undefined;
}

// Before AsyncContextFrame (Node 24), a storage that was entered once makes every later `await` of the
// process 2.5 times dearer, until it is disabled.
function end(trace: Trace): void {
  idle.delete(trace);
  trace.ended = true;
  for (const listener of trace.onEnd) listener();
  trace.onEnd.length = 0;
  if (--tracing.live > 0) return;
  storage.disable();
  lifecycle.onLast();
}

function hasEnded(trace: Trace): boolean {
  if (!trace.ended && trace.isOver?.() === true) end(trace);
  return trace.ended;
}

/** The context of the running code; undefined where it is not traced. */
export function current(): Context | undefined {
  if (tracing.live === 0) return undefined;
  const context = storage.getStore() ?? threadContext;
  return context === undefined || hasEnded(context.trace) ? undefined : context;
}

/** The context of all that runs outside of any request; undefined where process and thread are not traced. */
export function threadDefault(): Context | undefined {
  return threadContext === undefined || hasEnded(threadContext.trace) ? undefined : threadContext;
}

/** The context of a header, an environment or a call that names a trace and its sender's point. */
export function rootContext(trace: Trace, parent_id: string): Context {
  return { trace, id: parent_id, parent_id: trace.base_id, point: '', library: '' };
}

/** Makes a context that of all that runs outside of any request. */
export function setThreadDefault(context: Context): void {
  threadContext = context;
}

/**
 * Calls a function within a context, or outside of any. A context whose trace has ended counts as none,
 * and while nothing is live the storage stays untouched.
 */
export function runIn<Args extends readonly unknown[], Result>(
  context: Context | undefined,
  fn: (...args: Args) => Result,
  self: unknown,
  args: Args,
): Result {
  const target = context?.trace.ended === true ? undefined : context;
  if (tracing.live === 0 || storage.getStore() === target) return Reflect.apply(fn, self, args);
  return storage.run(target, Reflect.apply<unknown, Args, Result>, fn, self, args);
}

/**
 * Enters a context for the rest of the running callback and what is awaited from it. For channels, which
 * tell that something begins but do not call it; prefer `runIn`.
 */
export function enter(context: Context | undefined): void {
  if (tracing.live > 0 && storage.getStore() !== context) storage.enterWith(context);
}
