import { type Context, current, runIn, tracing } from '../trace/context.js';
import type { Info } from '../trace/event.js';
import { failure } from '../trace/info.js';
import { type Point, startPoint, stopPoint } from '../trace/point.js';
import { type Guard, createGuard, guarded } from './guard.js';
import { patch } from './patch.js';

/** A callback of the application's or of a library's. */
export type Callback = (this: unknown, ...args: unknown[]) => unknown;

/** A point that a call is to become: its name and what is known at its start. */
export interface PointStart {
  readonly point: string;
  readonly info: Info;
  /** It may go on for hours after its request: it must not keep the trace live. */
  readonly outlives?: true;
}

/** What to record of a method, and how one learns that a call of it has settled. */
export interface MethodHook {
  /** Names the method where something is reported of it: `Client.query`. */
  readonly what: string;
  /** The library that the method belongs to; the points' contexts name it. */
  readonly library: string;
  /** The points of a call, from the outside in; none where it is part of a call that has one. */
  start(self: object, args: readonly unknown[], caller: Context): readonly PointStart[];
  /** What a point says at its stop. */
  stop?(result: unknown, point: string): Info | undefined;
  /** What a point says at its stop after an error; its class and message by default. */
  failed?(error: unknown): Info;
  readonly settles: Settling;
  /**
   * The method hands out what its library goes on with in the callback, as a pool does with a connection:
   * within a call of the library the callback is brought back too, and a callback that the library asks for
   * again, on behalf of whoever waits, goes on where it was.
   */
  readonly handsOut?: true;
}

/** One call of a hooked method while something is live. */
export interface Call {
  readonly self: object;
  /** Our copy: a strategy may put other values into it. */
  readonly args: unknown[];
  /** The caller's context, undefined where the caller is not traced. */
  readonly caller: Context | undefined;
  readonly guard: Guard;
  readonly handsOut: boolean;
  /** Where the call runs: within its innermost point. Undefined where there is no point to stop. */
  readonly context: Context | undefined;
  /** The call is over; only the first time counts. */
  succeed(result: unknown): void;
  fail(error: unknown): void;
}

/**
 * Calls the method and watches for the call's end, in one of the ways by which libraries tell it. Gives
 * back the very value that the method gave.
 */
export type Settling = (call: Call, invoke: () => unknown) => unknown;

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
  // `Array.from` goes through the iterator, at several times the price.
  const args = Array.prototype.slice.call(given) as unknown[];
  const handsOut = hook.handsOut === true;
  const waiting = handsOut ? waitingCalls.get(args.at(-1) as object) : undefined;
  if (waiting !== undefined) return runIn(waiting.context ?? waiting.caller, original, self, args);
  // An untraced caller's callback is brought back to where it came from as well: the connection that
  // answers it may have been opened by a traced request.
  const caller = current();
  const points = caller === undefined ? [] : start(hook, guard, caller, self, args);
  // Part of a call that watches its own end: there is nothing to record and nobody to bring back.
  if (points.length === 0 && caller?.library === hook.library && !handsOut) {
    return Reflect.apply(original, self, args);
  }
  const context = points.at(-1)?.context;
  const settle = (info: (point: string) => Info | undefined): void => {
    for (const point of points.toReversed()) {
      if (!point.stopped)
        stopPoint(
          point,
          guarded(guard, () => info(point.context.point)),
        );
    }
  };
  const call: Call = {
    self,
    args,
    caller,
    guard,
    handsOut,
    context,
    succeed: (result) => settle((point) => hook.stop?.(result, point)),
    fail: (error) => settle(() => hook.failed?.(error) ?? failure(error)),
  };
  return settled(hook, call, () => runIn(context ?? caller, original, self, args));
}

/**
 * Calls the method by the hook's strategy. What the method throws is the application's to see; what the
 * strategy itself throws is not, and then nothing tells of the call's end.
 */
function settled(hook: MethodHook, call: Call, method: () => unknown): unknown {
  let isCalled = false;
  let result: unknown;
  let thrown: { readonly error: unknown } | undefined;
  const invoke = (): unknown => {
    isCalled = true;
    try {
      return (result = method());
    } catch (error) {
      thrown = { error };
      throw error;
    }
  };
  try {
    return hook.settles(call, invoke);
  } catch (error) {
    if (thrown === undefined) {
      call.guard.fail(error);
      try {
        return isCalled ? result : invoke();
      } finally {
        call.succeed(undefined);
      }
    }
    call.fail(thrown.error);
    throw thrown.error;
  }
}

function start(
  hook: MethodHook,
  guard: Guard,
  caller: Context,
  self: object,
  args: readonly unknown[],
): Point[] {
  const points: Point[] = [];
  guarded(guard, () => {
    let parent = caller;
    for (const { point, info, outlives } of hook.start(self, args, caller)) {
      const started = startPoint(point, parent, info, outlives !== true, hook.library);
      points.push(started);
      parent = started.context;
    }
  });
  return points;
}

/** Has a method run outside of any trace: what it goes on with is not its caller's. */
export function runOutside<Owner extends object>(owner: Owner, method: keyof Owner & string): void {
  patch(owner, method, (original) => gated(original, (self, args) => runIn(undefined, original, self, args)));
}

/** A callback that runs in a context. */
export function bindCallback(callback: Callback, context: Context | undefined): Callback {
  return function (...args) {
    return runIn(context, callback, this, args);
  };
}

/** The calls that callbacks of ours wait for, where the library may ask again. */
const waitingCalls = new WeakMap<object, Call>();

/** A callback that settles the call and then runs where the caller was. */
export function settlingCallback(call: Call, callback: Callback): Callback {
  function settling(this: unknown, ...args: unknown[]): unknown {
    const [error, result] = args;
    if (error !== null && error !== undefined) call.fail(error);
    else call.succeed(result);
    return runIn(call.caller, callback, this, args);
  }
  if (call.handsOut) waitingCalls.set(settling, call);
  return settling;
}
