import { AsyncLocalStorage } from 'node:async_hooks';

import { anchor } from './clock.js';
import { type Id, idOf } from './ids.js';
import { notice, wordsOf } from './notice.js';

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
  ended = false;
  /** Told when the trace ends, so that threads that work for it stop as well. */
  onEnd: Set<() => void> | undefined;
  /** Asks whether the thread that this trace came from has ended it. */
  isOver: (() => boolean) | undefined;
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
}

/** Where code runs within a trace. Immutable, so that parallel work cannot cross. */
export interface Context {
  readonly trace: Trace;
  /** The id of the current point: the parent of what starts here. */
  readonly id: Id;
  readonly parent: Id;
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

// Where the running code is; `runLibrary` has a place of its own. `null` is outside of any trace, also where all that is undecided belongs to the thread's own trace.
const storage = new AsyncLocalStorage<Context | null>();

// What runs outside of any request belongs to the process or the thread as a whole, when that is traced.
let threadContext: Context | undefined;
let threadServesRequests = false;

// Work that a request left behind (a write after the response) is still its own: a trace ends when none of
// its points has been open for this many ticks of half a second.
const tickMs = 500;
const lingerTicks = 2;
// Ten minutes without a start or a stop: a point of it will never stop (a response that Node never closes,
// a `start` of the API's that was forgotten), and what one trace costs must not last for ever.
const abandonedTicks = 1200;
const liveTraces = new Set<Trace>();
let tick = 0;
let sweeping: NodeJS.Timeout | undefined;
// Taken now: tests put timers of their own into their place.
const { setTimeout: later } = globalThis;

/** Begins a trace, held once by the caller: `release` it. */
export function beginTrace(base_id: string, hmac_key: string): Trace {
  const trace = new Trace(base_id, hmac_key);
  liveTraces.add(trace);
  sweeping ??= later(sweep, tickMs).unref();
  if (++tracing.live === 1) told(() => lifecycle.onFirst());
  return trace;
}

/** Keeps a trace live until the matching `release`. */
export function hold(trace: Trace): void {
  trace.holds++;
  trace.usedAt = tick;
}

/** Gives up one hold; when none is left for a while, the trace ends. */
export function release(trace: Trace): void {
  trace.holds--;
  trace.usedAt = tick;
}

function sweep(): void {
  tick++;
  for (const trace of liveTraces) {
    const quietTicks = tick - trace.usedAt;
    const isIdle = trace.holds <= 0 && quietTicks >= lingerTicks;
    const isAbandoned = quietTicks >= abandonedTicks && trace !== threadContext?.trace;
    if (isIdle || isAbandoned) end(trace);
  }
  sweeping = liveTraces.size > 0 ? later(sweep, tickMs).unref() : undefined;
}

// Before AsyncContextFrame (Node 24), a storage that was entered once makes every later `await` of the
// process 2.5 times dearer, until it is disabled.
function end(trace: Trace): void {
  liveTraces.delete(trace);
  trace.ended = true;
  tracing.live--;
  for (const listener of trace.onEnd ?? []) told(listener);
  trace.onEnd = undefined;
  if (tracing.live > 0) return;
  storage.disable();
  told(() => lifecycle.onLast());
}

/** Tells a listener. What it throws is a bug of ours, and must neither keep a trace live nor end the process. */
function told(listener: () => void): void {
  try {
    listener();
  } catch (error) {
    notice(
      `the begin or the end of a trace failed; the application goes on. Please report: ${wordsOf(error)}`,
    );
  }
}

function hasEnded(trace: Trace): boolean {
  if (!trace.ended && trace.isOver?.() === true) end(trace);
  return trace.ended;
}

// What `runLibrary` runs in; undefined where the storage tells.
let lent: Context | null | undefined;

const stored = (): Context | null | undefined => (lent === undefined ? storage.getStore() : lent);

/** The context of the running code; undefined where it is not traced. */
export function current(): Context | undefined {
  if (tracing.live === 0) return undefined;
  const found = stored();
  const context = found === undefined ? threadContext : found;
  return !context || hasEnded(context.trace) ? undefined : context;
}

/** The context of incoming requests that trigger nothing: that of a process which is traced as a whole. */
export function requestDefault(): Context | undefined {
  return !threadServesRequests || threadContext === undefined || hasEnded(threadContext.trace)
    ? undefined
    : threadContext;
}

/** The context of a header, an environment or a call that names a trace and its sender's point. */
export function rootContext(trace: Trace, parent_id: string): Context {
  const id = parent_id === trace.base_id ? trace.id : idOf(parent_id);
  return { trace, id, parent: trace.id, point: '', library: '' };
}

/**
 * Makes a context that of all that runs outside of any request.
 *
 * @param servesRequests whether incoming requests that trigger nothing belong to it too; not so for a process
 *   that one request started, which may serve others for years
 */
export function setThreadDefault(context: Context, servesRequests: boolean): void {
  threadContext = context;
  threadServesRequests = servesRequests;
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
  if (tracing.live === 0) return Reflect.apply(fn, self, args);
  const outer = lent;
  if (outer === undefined && isWithin(storage.getStore(), context)) return Reflect.apply(fn, self, args);
  lent = undefined;
  try {
    return isWithin(storage.getStore(), context)
      ? Reflect.apply(fn, self, args)
      : storage.run(target(context), Reflect.apply<unknown, Args, Result>, fn, self, args);
  } finally {
    lent = outer;
  }
}

/**
 * Calls a library's own code within a context. The storage is left as it is, which on Node 24 and newer saves
 * 200 ns: so this holds until the call returns, and not for what comes later of it. For code that calls none of
 * the application's but by callbacks which are bound; all else runs in `runIn`.
 */
export function runLibrary<Args extends readonly unknown[], Result>(
  context: Context | undefined,
  fn: (...args: Args) => Result,
  self: unknown,
  args: Args,
): Result {
  if (tracing.live === 0) return Reflect.apply(fn, self, args);
  const outer = lent;
  lent = target(context);
  try {
    return Reflect.apply(fn, self, args);
  } finally {
    lent = outer;
  }
}

/**
 * Enters a context for the rest of the running callback and what is awaited from it. For channels, which
 * tell that something begins but do not call it; prefer `runIn`.
 */
export function enter(context: Context | undefined): void {
  if (tracing.live === 0) return;
  // Within a library's call, for the rest of that.
  if (lent !== undefined) lent = target(context);
  else if (!isWithin(storage.getStore(), context)) storage.enterWith(target(context));
}

function target(context: Context | undefined): Context | null {
  return context === undefined || context.trace.ended ? null : context;
}

function isWithin(found: Context | null | undefined, context: Context | undefined): boolean {
  const wanted = target(context);
  return found === wanted || (wanted === null && found === undefined && threadContext === undefined);
}
