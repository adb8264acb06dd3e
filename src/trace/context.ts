// The context: where the running code is within a trace, kept in one AsyncLocalStorage.
//
// The storage has four states: a context; `null`, outside of any trace; nobody's place, a context in which nothing
// is recorded; and undefined, where nothing was ever stored. Beside it, `borrowed` holds the context of a library's
// synchronous code.
//
// The price, in ns on Node 24 / 20: reading the storage 8 / 6; `run` 193 / 22, because Node 24 makes two maps for
// each; lending a context next to nothing. No part of this is reached while `tracing.live` is zero. Before Node 24,
// a storage that was entered once also makes each `await` of the process 2.5 times slower, so it is disabled again
// after the last trace.
import { AsyncLocalStorage } from 'node:async_hooks';

import { type Id, idOf } from './ids.js';
import type { VerifiedTrace } from './signing.js';
import { Trace, beginTrace, endTrace, leftOut, lifecycle, tracing } from './trace.js';

/**
 * The place of code within a trace. It is immutable, apart from the two flags of its point, so parallel work cannot
 * mix.
 */
export interface Context {
  readonly trace: Trace;
  /** The id of the current point: the parent of what starts here. */
  readonly id: Id;
  readonly parent: Id;
  /** The name of the current point; '' outside of any point. */
  readonly point: string;
  /** The library whose call the current point is; '' for other points. */
  readonly library: string;
  /** The nearest point above that was open when this one began. */
  readonly outer: Context | undefined;
  /** Whether the current point keeps its trace live and has not stopped. */
  isOpen: boolean;
  /** Whether the current point has carried the trace on to another service. */
  isCarriedOn: boolean;
}

// Holds the context of the running code; `runLibrary` has a place of its own. `null` means outside of any trace.
// Undefined means that nothing was ever stored: the code belongs to the thread's own trace, or to no trace if the
// thread has none.
const storage = new AsyncLocalStorage<Context | null>();

// Code outside of any request belongs to the process or the thread as a whole, if that is traced.
let threadContext: Context | undefined;
let threadServesRequests = false;

// Before AsyncContextFrame (Node 24), a storage that was entered once makes every later `await` of the process 2.5
// times slower, until it is disabled.
lifecycle.onLast.push(() => storage.disable());

let nobodys: Context | undefined;

/**
 * The context of work of which nobody can tell which request it belongs to: callbacks of objects that outlive
 * requests and serve several (a connection, a port, an interval). Nothing is recorded there, and calls that would
 * have made points are counted. In a process that is traced as a whole, it is the context of that trace.
 */
export function nobody(): Context {
  if (threadServesRequests && threadContext?.trace.isGone === false) return threadContext;
  return (nobodys ??= makeNobody());
}

function makeNobody(): Context {
  const trace = new Trace('00000000-0000-0000-0000-000000000000', '');
  trace.isOver = true;
  // It never counts as gone, so contexts of it stay what they are.
  trace.usedAt = Infinity;
  return { ...rootContext(trace, trace.base_id) };
}

/** Whether points may start in a context: its trace is open, or it is within a point that is open. */
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

// The context in which `runLibrary` runs; undefined if the storage has it.
let borrowed: Context | null | undefined;

const stored = (): Context | null | undefined => (borrowed === undefined ? storage.getStore() : borrowed);

/**
 * The context of the running code, also if nothing is recorded there: within a trace that has ended, or in nobody's
 * place. Undefined if the code is known to be in no trace, such as the code of an untraced request.
 */
export function place(): Context | undefined {
  if (tracing.live === 0) return undefined;
  const found = stored();
  if (found === null) return undefined;
  const context = found ?? threadContext;
  return context === undefined || context.trace.isGone ? undefined : context;
}

/** The context of the running code; undefined if it is not traced. */
export function current(): Context | undefined {
  const context = place();
  return context !== undefined && isRecorded(context) ? context : undefined;
}

/**
 * The context in which the running code is about to start a point; undefined if it is not traced. That is counted,
 * unless the code is known to be in no trace.
 */
export function caller(): Context | undefined {
  const context = place();
  if (context === undefined || isRecorded(context)) return context;
  leaveOut(context);
  return undefined;
}

/** Counts a point that is not recorded although its code is, or may be, part of a trace. */
export function leaveOut(context: Context): void {
  const { trace } = context;
  if (trace === nobodys?.trace || trace.isAnybodys) {
    leftOut.unknown++;
  } else if (trace.isCounting) {
    trace.late++;
    leftOut.late.add(trace);
  }
}

/** The context of incoming requests that trigger nothing: the process's own, if it is traced as a whole. */
export function requestDefault(): Context | undefined {
  return threadServesRequests && threadContext !== undefined && isRecorded(threadContext)
    ? threadContext
    : undefined;
}

/** The context for a header, an environment or a call that names a trace and the sender's point. */
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
 * Makes a context that of all code outside of any request.
 *
 * @param servesRequests whether it also is the context of incoming requests that trigger nothing; not so for a
 *   process that one request started, because it may serve others for years
 */
export function setThreadDefault(context: Context, servesRequests: boolean): void {
  threadContext = context;
  context.trace.isLasting = true;
  threadServesRequests = servesRequests;
}

/**
 * Ends the thread's own trace here, because the thread works for others as well: a loop that its main script has begun
 * does whatever comes. It has no effect in a process that is traced as a whole.
 *
 * @param base_id the trace that the thread is given work of; undefined if it is in none
 */
export function workFor(base_id: string | undefined): void {
  const own = threadServesRequests ? undefined : threadContext?.trace;
  if (own === undefined || own.isOver || own.base_id === base_id) return;
  own.isAnybodys = true;
  endTrace(own);
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
 * Calls a library's own code within a borrowed context. The storage is left as it is, which saves 200 ns on Node 24
 * and newer. The context therefore holds only until the call returns. It is for code that calls the application
 * only through callbacks that are bound; all other code runs in `runIn`.
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
 * Enters a context for the rest of the running callback and for what is awaited from it, or leaves all contexts. It
 * is for channels, which report a beginning but do not call the code; prefer `runIn`.
 */
export function enter(context: Context | undefined): void {
  if (tracing.live === 0) return;
  // Within a library's call, this holds for the rest of that call.
  if (borrowed !== undefined) borrowed = storedFor(context);
  else if (!isWithin(storage.getStore(), context)) storage.enterWith(storedFor(context));
}

function storedFor(context: Context | undefined): Context | null {
  return context === undefined || context.trace.isGone ? null : context;
}

function isWithin(found: Context | null | undefined, context: Context | undefined): boolean {
  const wanted = storedFor(context);
  if (found === wanted) return true;
  // If nothing is stored, the work belongs to the thread's own trace, or to no trace if the thread has none.
  return found === undefined && (threadContext === undefined ? isOutside(wanted) : wanted === threadContext);
}

const isOutside = (wanted: Context | null): boolean => wanted === null || wanted === nobodys;
