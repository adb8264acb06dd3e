import { type Context, isRecorded, leaveOut, nobody, place, runIn } from '../../trace/context.js';
import { type Point, startPoint } from '../../trace/point.js';
import { createStamp } from '../../trace/stamp.js';
import { tracing } from '../../trace/trace.js';
import type { PointStart } from '../../trace/vocabulary.js';
import { asApplication } from './application.js';
import { Call, type Callback, type MethodHook } from './call.js';
import { waitingCall } from './callback.js';
import { type Guard, createGuard, read } from '../guard.js';
import { patch } from '../patch.js';

/** Hooks a method of a class or an object. */
export function hookMethod<Owner extends object>(
  owner: Owner,
  method: keyof Owner & string,
  hook: MethodHook,
): void {
  const guard = createGuard(`${hook.library} ${hook.what}`);
  patch(owner, method, (original) => {
    const traced = (self: unknown, args: unknown[]): unknown =>
      guard.off
        ? Reflect.apply(original, self, args)
        : tracedCall(hook, guard, original, self as object, args);
    return gated(original, traced);
  });
}

/** A function in the form of another one, as `lookalike` makes them, with the gate before all else. */
function gated(original: Callback, traced: (self: unknown, args: unknown[]) => unknown): Callback {
  return Object.hasOwn(original, 'prototype')
    ? function () {
        const args = arguments as unknown as unknown[];
        return tracing.live === 0 ? Reflect.apply(original, this, args) : traced(this, args);
      }
    : {
        method(this: unknown) {
          const args = arguments as unknown as unknown[];
          return tracing.live === 0 ? Reflect.apply(original, this, args) : traced(this, args);
        },
      }.method;
}

function tracedCall(
  hook: MethodHook,
  guard: Guard,
  original: Callback,
  self: object,
  given: ArrayLike<unknown>,
): unknown {
  // `Array.from` goes through the iterator, and `slice` is a call: both take several times as long.
  const args: unknown[] = [];
  for (let i = 0; i < given.length; i++) args[i] = given[i];
  const checkout = hook.checkout === true;
  const waiting = checkout ? waitingCall(args[args.length - 1]) : undefined;
  if (waiting !== undefined) return runIn(waiting.within, original, self, args);
  // An untraced caller's callback is brought back to where it came from as well: the connection that
  // answers it may have been opened by a traced request.
  const request = hook.requested?.(args);
  const asked = request === undefined ? undefined : requests.of(request);
  if (asked?.isMade === true) return Reflect.apply(original, self, args);
  const caller = asked === undefined ? place() : asked.place;
  if (request !== undefined) requests.put(request, { place: caller, isMade: true });
  const isTraced = caller !== undefined && isRecorded(caller);
  const points = isTraced ? start(hook, guard, caller, self, args) : noPoints;
  // Part of a call that watches its own end: there is nothing to record and nobody to bring back, but for what a
  // class of the application's does when it is called back.
  const isPart = points.length === 0 && caller?.library === hook.library && !checkout;
  if (isPart && hook.borrows?.(self) !== false) {
    return Reflect.apply(original, self, args);
  }
  const where = caller === undefined || isTraced ? caller : leftOutIn(hook, guard, caller, self, args);
  return new Call(hook, guard, original, self, args, caller, points, where).settle();
}

const noPoints: readonly Point[] = [];

/** What is known of an object that a library makes for one request of the application's. */
interface Requested {
  /** Where the application asked for it. */
  readonly place: Context | undefined;
  /** The call that makes the request has begun: whatever passes later is a part of that. */
  readonly isMade: boolean;
}

const requests = createStamp<Requested>();

/**
 * Notes where the application calls a method that only queues a request: the library makes it later, for several
 * callers at once.
 *
 * @param requestOf gives the object that stands for the request
 */
export function noteRequests<Owner extends object>(
  owner: Owner,
  method: keyof Owner & string,
  requestOf: (args: readonly unknown[]) => object | undefined,
): void {
  patch(owner, method, (original) =>
    gated(original, (self, args) => {
      const request = read(() => requestOf(args));
      if (request !== undefined) requests.put(request, { place: place(), isMade: false });
      return Reflect.apply(original, self, args);
    }),
  );
}

/**
 * Counts a call that is not recorded, once for all that the library makes of it.
 *
 * @returns where it runs, so that the library's inner calls can tell
 */
function leftOutIn(
  hook: MethodHook,
  guard: Guard,
  caller: Context,
  self: object,
  args: readonly unknown[],
): Context {
  if (caller.library === hook.library) return caller;
  if (startsOf(hook, guard, caller, self, args).length === 0) return caller;
  leaveOut(caller);
  return { ...caller, library: hook.library };
}

function startsOf(
  hook: MethodHook,
  guard: Guard,
  caller: Context,
  self: object,
  args: readonly unknown[],
): readonly PointStart[] {
  try {
    return hook.start(self, args, caller);
  } catch (error) {
    guard.fail(error);
    return [];
  }
}

function start(
  hook: MethodHook,
  guard: Guard,
  caller: Context,
  self: object,
  args: readonly unknown[],
): readonly Point[] {
  const starts = startsOf(hook, guard, caller, self, args);
  const points: Point[] = [];
  let parent = caller;
  for (let i = 0; i < starts.length; i++) {
    const { point, info, outlives } = starts[i]!;
    points[i] = startPoint(point, parent, info, outlives !== true, hook.library);
    parent = points[i]!.context;
  }
  return points;
}

/**
 * Has a method run in nobody's place: what it goes on with is not its caller's.
 *
 * @param isIdle whether there is nothing that it would go on with
 */
export function runOutside<Owner extends object>(
  owner: Owner,
  method: keyof Owner & string,
  isIdle: (self: Owner) => boolean = () => false,
): void {
  patch(owner, method, (original) =>
    gated(original, (self, args) =>
      isIdle(self as Owner) ? Reflect.apply(original, self, args) : runIn(nobody(), original, self, args),
    ),
  );
}

/**
 * Has a method run where a call was made that waits for what it does, as the application's own code.
 *
 * @param callOf undefined where there is none, or nothing of the application's is told
 * @param meanwhile called before; what it gives is called after
 */
export function runForWaiting<Owner extends object>(
  owner: Owner,
  method: keyof Owner & string,
  callOf: (self: Owner, args: ArrayLike<unknown>) => Call | undefined,
  meanwhile?: () => () => void,
): void {
  patch(owner, method, (original) =>
    gated(original, (self, args) => {
      const call = callOf(self as Owner, args);
      if (call === undefined) return Reflect.apply(original, self, args);
      const context = call.context ?? call.caller;
      const end = meanwhile?.();
      try {
        return runIn(context && asApplication(context), original, self, args);
      } finally {
        end?.();
      }
    }),
  );
}

/** Has an observer look at a method's object after each call of it while something is live. */
export function observeAfter<Owner extends object>(
  owner: Owner,
  method: keyof Owner & string,
  what: string,
  observe: (self: Owner) => void,
): void {
  const guard = createGuard(what);
  patch(owner, method, (original) =>
    gated(original, (self, args) => {
      const result: unknown = Reflect.apply(original, self, args);
      if (guard.off) return result;
      try {
        observe(self as Owner);
      } catch (error) {
        guard.fail(error);
      }
      return result;
    }),
  );
}
