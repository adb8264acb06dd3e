// Contexts: where the running code is within a trace, how code runs in another context, and what is recorded there.
import { AsyncLocalStorage } from 'node:async_hooks';

import { type Id, idOf } from './ids.js';
import type { VerifiedTrace } from './signing.js';
import { Trace, beginTrace, endTrace, leftOut, lifecycle, tracing } from './trace.js';

/** Where code runs within a trace. Immutable but for what happens to its point, so that parallel work cannot cross. */
export interface Context {
  readonly trace: Trace;
  /** The id of the current point: the parent of what starts here. */
  readonly id: Id;
  readonly parent: Id;
  /** The name of the current point; '' outside of any. */
  readonly point: string;
  /** The library of whose call the current point is; '' for all others. */
  readonly library: string;
  /** The nearest point above that was open when this one began. */
  readonly outer: Context | undefined;
  /** The current point keeps its trace live, and has not stopped. */
  isOpen: boolean;
  /** It has carried the trace on to another service. */
  isCarriedOn: boolean;
}

// Where the running code is; `runLibrary` has a place of its own. `null` is outside of any trace. Undefined is where
// no trace ever was: the thread's own trace, or outside of any where it has none.
const storage = new AsyncLocalStorage<Context | null>();

// What runs outside of any request belongs to the process or the thread as a whole, when that is traced.
let threadContext: Context | undefined;
let threadServesRequests = false;

// Before AsyncContextFrame (Node 24), a storage that was entered once makes every later `await` of the
// process 2.5 times dearer, until it is disabled.
lifecycle.onLast.push(() => storage.disable());

let nobodys: Context | undefined;

/**
 * Where work runs of which nobody can tell whose it is: the callbacks of what outlives requests and serves several
 * (a connection, a port, an interval). Nothing is recorded there, and what would have been is counted. In a process
 * that is traced as a whole it is that trace's.
 */
export function nobody(): Context {
  if (threadServesRequests && threadContext?.trace.isGone === false) return threadContext;
  return (nobodys ??= makeNobody());
}

function makeNobody(): Context {
  const trace = new Trace('00000000-0000-0000-0000-000000000000', '');
  trace.isOver = true;
  // Never gone: its contexts stay what they are.
  trace.usedAt = Infinity;
  return { ...rootContext(trace, trace.base_id) };
}

/** Whether points may start in a context: its trace is open, or a point is within which it runs. */
export function isRecorded(context: Context): boolean {
  const { trace } = context;
  if (trace.isEndedThere?.() === true) endTrace(trace);
  if (trace.isOpen) return true;
  if (trace.isOver) return false;
  for (let each: Context | undefined = context; each !== undefined; each = each.outer) {
    if (each.isOpen) return true;
  }
  return false;
}

// What `runLibrary` runs in; undefined where the storage tells.
let borrowed: Context | null | undefined;

const stored = (): Context | null | undefined => (borrowed === undefined ? storage.getStore() : borrowed);

/**
 * Where the running code is, also where nothing is recorded: within a trace that has ended, or in `nobody`'s place.
 * Undefined where it is known to be in no trace, as an untraced request's.
 */
export function place(): Context | undefined {
  if (tracing.live === 0) return undefined;
  const found = stored();
  if (found === null) return undefined;
  const context = found ?? threadContext;
  return context === undefined || context.trace.isGone ? undefined : context;
}

/** The context of the running code; undefined where it is not traced. */
export function current(): Context | undefined {
  const context = place();
  return context !== undefined && isRecorded(context) ? context : undefined;
}

/**
 * The context in which the running code is about to start a point; undefined where it is not traced, which is
 * counted unless it is known to be in no trace.
 */
export function caller(): Context | undefined {
  const context = place();
  if (context === undefined || isRecorded(context)) return context;
  leaveOut(context);
  return undefined;
}

/** Counts a point that is not recorded, though its code is, or may be, a trace's. */
export function leaveOut(context: Context): void {
  const { trace } = context;
  if (trace === nobodys?.trace) {
    leftOut.unknown++;
  } else if (trace.isCounting) {
    trace.late++;
    leftOut.late.add(trace);
  }
}

/** The context of incoming requests that trigger nothing: that of a process which is traced as a whole. */
export function requestDefault(): Context | undefined {
  return threadServesRequests && threadContext !== undefined && isRecorded(threadContext)
    ? threadContext
    : undefined;
}

/** The context of a header, an environment or a call that names a trace and its sender's point. */
export function rootContext(trace: Trace, parent_id: string): Context {
  const id = parent_id === trace.base_id ? trace.id : idOf(parent_id);
  return {
    trace,
    id,
    parent: trace.id,
    point: '',
    library: '',
    outer: undefined,
    isOpen: false,
    isCarriedOn: false,
  };
}

/** Begins the trace that a signed header, environment or call asks for. The caller holds the trace: `release` it. */
export function tracedBy({ base_id, hmac_key, parent_id }: VerifiedTrace): Context {
  return rootContext(beginTrace(base_id, hmac_key), parent_id);
}

/**
 * Makes a context that of all that runs outside of any request.
 *
 * @param servesRequests whether incoming requests that trigger nothing belong to it too; not so for a process
 *   that one request started, which may serve others for years
 */
export function setThreadDefault(context: Context, servesRequests: boolean): void {
  threadContext = context;
  context.trace.isLasting = true;
  threadServesRequests = servesRequests;
}

/**
 * Calls a function within a context, or outside of any. A context whose trace has gone counts as none, and while
 * nothing is live the storage stays untouched.
 */
export function runIn<Args extends readonly unknown[], Result>(
  context: Context | undefined,
  fn: (...args: Args) => Result,
  self: unknown,
  args: Args,
): Result {
  if (tracing.live === 0) return Reflect.apply(fn, self, args);
  const outer = borrowed;
  if (outer === undefined && isWithin(storage.getStore(), context)) return Reflect.apply(fn, self, args);
  borrowed = undefined;
  try {
    return isWithin(storage.getStore(), context)
      ? Reflect.apply(fn, self, args)
      : storage.run(storedFor(context), Reflect.apply<unknown, Args, Result>, fn, self, args);
  } finally {
    borrowed = outer;
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
  const outer = borrowed;
  borrowed = storedFor(context);
  try {
    return Reflect.apply(fn, self, args);
  } finally {
    borrowed = outer;
  }
}

/**
 * Enters a context for the rest of the running callback and what is awaited from it, or leaves all. For channels,
 * which tell that something begins but do not call it; prefer `runIn`.
 */
export function enter(context: Context | undefined): void {
  if (tracing.live === 0) return;
  // Within a library's call, for the rest of that.
  if (borrowed !== undefined) borrowed = storedFor(context);
  else if (!isWithin(storage.getStore(), context)) storage.enterWith(storedFor(context));
}

function storedFor(context: Context | undefined): Context | null {
  return context === undefined || context.trace.isGone ? null : context;
}

function isWithin(found: Context | null | undefined, context: Context | undefined): boolean {
  const wanted = storedFor(context);
  if (found === wanted) return true;
  // Where nothing is stored, work is the thread's own trace's; where it has none, it is in no trace.
  return found === undefined && (threadContext === undefined ? isOutside(wanted) : wanted === threadContext);
}

const isOutside = (wanted: Context | null): boolean => wanted === null || wanted === nobodys;
