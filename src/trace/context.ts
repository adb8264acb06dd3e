import { AsyncLocalStorage } from 'node:async_hooks';

import { type Id, idOf } from './ids.js';
import { type Trace, endTrace, lifecycle, tracing } from './trace.js';

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

// Where the running code is; `runLibrary` has a place of its own. `null` is outside of any trace, also where all that is undecided belongs to the thread's own trace.
const storage = new AsyncLocalStorage<Context | null>();

// What runs outside of any request belongs to the process or the thread as a whole, when that is traced.
let threadContext: Context | undefined;
let threadServesRequests = false;

// Before AsyncContextFrame (Node 24), a storage that was entered once makes every later `await` of the
// process 2.5 times dearer, until it is disabled.
lifecycle.onLast.push(() => storage.disable());

function hasEnded(trace: Trace): boolean {
  if (trace.isEndedThere?.() === true) endTrace(trace);
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
  context.trace.isLasting = true;
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
