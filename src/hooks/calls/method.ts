// Wraps methods of libraries: checks the gate, decides what a call is, and hands a recorded call to `Call`.
//
// The price of one call: while no trace is live, one comparison of `tracing.live`, under 0.5 ns and without an
// allocation once V8 has compiled the wrapper. While one is live, the point of a traced pg query takes 1.1 to 1.2 µs
// (benchmarks/RESULTS.md). That is why the gate is the first statement of each wrapper, the arguments are copied by a
// loop, and a call that is part of a recorded call is passed on before a `Call` is made.
import {
  type Context,
  isRecorded,
  leaveOut,
  nobody,
  place,
  requestDefault,
  runIn,
} from '../../trace/context.js';
import { FixedInfo } from '../../trace/info.js';
import { type Point, startPoint } from '../../trace/point.js';
import { createStamp } from '../../trace/stamp.js';
import { tracing } from '../../trace/trace.js';
import type { PointStart } from '../../trace/vocabulary.js';
import { asApplication } from './application.js';
import { Call, type Callback, type MethodHook } from './call.js';
import { waitingCall } from './callback.js';
import { placeOfSecond } from './repetitions.js';
import { type Guard, createGuard, guarded, read } from '../guard.js';
import { patch } from '../patch.js';

/** Hooks a method of a class or an object. */
export function hookMethod<Owner extends object>(
  owner: Owner,
  method: keyof Owner & string,
  hook: MethodHook,
): void {
  const call = tracerOf(hook);
  patch(owner, method, (original) => gated(original, (self, args) => call(original, self, args)));
}

/** Makes what calls a method while a trace is live. */
export function tracerOf(
  hook: MethodHook,
): (original: Callback, self: unknown, args: ArrayLike<unknown>) => unknown {
  const guard = createGuard(`${hook.library} ${hook.what}`);
  const whole = wholeHook(hook);
  return (original, self, args) =>
    guard.off
      ? Reflect.apply(original, self, args)
      : tracedCall(whole, guard, original, self as object, args);
}

/**
 * The same hook with all properties that a hook may have. Calls of all hooks go through the same code, and V8 finds a
 * property of objects of one shape at once; of objects of more than four shapes it has to look each one up.
 */
function wholeHook(hook: MethodHook): MethodHook {
  const whole: { readonly [Name in keyof Required<MethodHook>]: MethodHook[Name] | undefined } = {
    what: hook.what,
    library: hook.library,
    start: hook.start,
    stop: hook.stop,
    failed: hook.failed,
    ends: hook.ends,
    around: hook.around,
    checkout: hook.checkout,
    borrows: hook.borrows,
    requested: hook.requested,
    again: hook.again,
    opens: hook.opens,
    callsOut: hook.callsOut,
  };
  return whole as MethodHook;
}

/** Makes a wrapper of the same kind as the original, as `lookalike` does, which checks the gate first. */
export function gated(original: Callback, traced: (self: unknown, args: unknown[]) => unknown): Callback {
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
  // `Array.from` uses the iterator, and `slice` is a call: each takes several times as long as this loop.
  const args: unknown[] = [];
  for (let i = 0; i < given.length; i++) args[i] = given[i];
  const checkout = hook.checkout === true;
  const waiting = checkout ? waitingCall(args[args.length - 1]) : undefined;
  if (waiting !== undefined) return runIn(waiting.within, original, self, args);
  // The callback of an untraced caller is bound to its caller's context too: the connection that answers may have
  // been opened by a traced request.
  const request = hook.requested?.(args);
  const asked = request === undefined ? undefined : requests.of(request);
  if (request !== undefined && asked?.isMade === true) {
    const result: unknown = Reflect.apply(original, self, args);
    if (hook.again !== undefined) guarded(guard, () => hook.again?.(self, request));
    return result;
  }
  const caller = asked === undefined ? place() : asked.place;
  if (request !== undefined) requests.put(request, { place: caller, isMade: true });
  const isTraced = caller !== undefined && isRecorded(caller);
  const points = isTraced ? start(hook, guard, caller, self, args) : noPoints;
  // If so, the call is part of a call that watches its own end. Nothing is left to record and no callback to bind,
  // except for what a class of the application does when it is called back.
  const isPart = points.length === 0 && caller?.library === hook.library && !checkout;
  if (isPart && hook.borrows?.(self) !== false) {
    return Reflect.apply(original, self, args);
  }
  const where = caller === undefined || isTraced ? caller : leftOutIn(hook, guard, caller, self, args);
  return new Call(hook, guard, original, self, args, caller, points, where).settle();
}

const noPoints: readonly Point[] = [];

/** What is known of an object that a library makes for one request of the application. */
interface Requested {
  /** The context in which the application asked for it. */
  readonly place: Context | undefined;
  /** The call that makes the request has begun. Later calls for the object are part of it. */
  readonly isMade: boolean;
}

const requests = createStamp<Requested>();

/**
 * Notes the context in which the application calls a method that only queues a request. The library makes the request
 * later, for several callers at once.
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
      // A library that tries again queues the same request, from wherever the answer came.
      if (request !== undefined && !requests.has(request)) {
        requests.put(request, { place: place(), isMade: false });
      }
      return Reflect.apply(original, self, args);
    }),
  );
}

/**
 * Counts a call that is not recorded, once for all that the library does for it.
 *
 * @returns the context in which it runs, by which the library's inner calls are recognised
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
    // Calls that say the same are equal.
    const said = i === 0 && info !== undefined && FixedInfo.is(info) ? withPlace(info, caller) : info;
    points[i] = startPoint(point, parent, said, outlives !== true, hook.library);
    parent = points[i]!.context;
  }
  return points;
}

/** The same info, with the place in the application's code if the call is the second that says it. */
function withPlace(info: FixedInfo, caller: Context): FixedInfo {
  const code = placeOfSecond(caller, info);
  return code === undefined ? info : new FixedInfo({ ...info.info, code });
}

/**
 * Makes a method run in nobody's place, because its later work is not its caller's.
 *
 * @param isIdle whether the method starts no later work
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
 * Makes a method run as part of no request, because it begins work of the library's own, which may go on for as long as
 * the process. Unlike in nobody's place, nothing that it does is counted as left out of a trace.
 */
export function runApart<Owner extends object>(owner: Owner, method: keyof Owner & string): void {
  patch(owner, method, (original) =>
    gated(original, (self, args) => runIn(requestDefault(), original, self, args)),
  );
}

/**
 * Makes a method run, as the application's own code, in the context of the call that waits for it.
 *
 * @param callOf undefined if no call waits, or if the method calls nothing of the application
 * @param meanwhile called before the method; the function that it returns is called after
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

/** Shows a method's object and arguments to an observer after each call, while something is live. */
export function observeAfter<Owner extends object>(
  owner: Owner,
  method: keyof Owner & string,
  what: string,
  observe: (self: Owner, args: readonly unknown[]) => void,
): void {
  const guard = createGuard(what);
  patch(owner, method, (original) =>
    gated(original, (self, args) => {
      const result: unknown = Reflect.apply(original, self, args);
      if (guard.off) return result;
      try {
        observe(self as Owner, args);
      } catch (error) {
        guard.fail(error);
      }
      return result;
    }),
  );
}

/** Shows a method's object and arguments to an observer before each call, while something is live. */
export function observeBefore<Owner extends object>(
  owner: Owner,
  method: keyof Owner & string,
  what: string,
  observe: (self: Owner, args: readonly unknown[]) => void,
): void {
  const guard = createGuard(what);
  patch(owner, method, (original) =>
    gated(original, (self, args) => {
      guarded(guard, () => observe(self as Owner, args));
      return Reflect.apply(original, self, args);
    }),
  );
}
