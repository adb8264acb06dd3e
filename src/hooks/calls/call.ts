// One call of a hooked method while a trace is live: its points, its end and its errors.
//
// The price of a recorded call is an object of class `Call`, a copy of the arguments, and the points' events. Each
// `run` of the storage adds 200 ns on Node 24 and newer, where it makes two maps; `borrows` avoids that for a
// library's own code. A `Call` has no closures, because there would be ten for each. No `Call` is made while nothing
// is live.
import { ending } from '../../trace/cancelled.js';
import { type Context, isRecorded, nobody, runIn, runLibrary } from '../../trace/context.js';
import type { Info } from '../../trace/event.js';
import {
  type Payload,
  type Point,
  resumePoint,
  startPoint,
  stopPoint,
  suspendPoint,
} from '../../trace/point.js';
import type { PointStart, StopInfo } from '../../trace/vocabulary.js';
import { asApplication } from './application.js';
import { type Guard, guarded } from '../guard.js';

/** A callback of the application's or of a library's. */
export type Callback = (this: unknown, ...args: unknown[]) => unknown;

/** What to record of a method, and how one of its calls tells that it has ended. */
export interface MethodHook {
  /** The method's name in reports: `Client.query`. */
  readonly what: string;
  /** The library that the method belongs to. The contexts of its points name it. */
  readonly library: string;
  /** The points of a call, from the outside in. There are none if the call is part of a call that has one. */
  start(self: object, args: readonly unknown[], caller: Context): readonly PointStart[];
  /**
   * The info for a point's stop.
   *
   * @param context the point's own context
   * @param detail what was given in addition to the result
   * @param args the arguments of the call
   */
  stop?(result: unknown, context: Context, detail: unknown, args: readonly unknown[]): StopInfo;
  /**
   * The info for a point's stop after an error. By default it is the error's class and message, or that the caller
   * cancelled the call.
   */
  failed?(error: unknown, context: Context): Info;
  /** The ways in which a call may tell its end. The first recogniser that knows the kind of call makes the call. */
  readonly ends: readonly End[];
  /** Makes the call by `call.proceed`, and watches what the call waits for. */
  around?(call: Call): unknown;
  /**
   * The method checks something out, such as a connection of a pool, and its library goes on with that in the
   * callback. Within a call of the library, this callback too is called in its caller's context. If the library asks
   * again with such a callback on behalf of a waiting caller, the call goes on in the context of the waiting call.
   */
  readonly checkout?: true;
  /**
   * Whether the method is only the library's own code, which calls the application by nothing but bound callbacks.
   * Such a method borrows its context for the synchronous part, and the storage is not entered.
   */
  borrows?(self: object): boolean;
  /**
   * Gives an object that the library makes for one request of the application, such as a command. A second call for
   * the same object is part of the first one. If `noteRequests` has seen the object, the call is made for the caller
   * that was noted then.
   */
  requested?(args: readonly unknown[]): object | undefined;
  /** Called after the method was called once more for an object that `requested` has given before. */
  again?(self: object, request: object): void;
  /**
   * The method opens something that outlives its caller and serves other callers too. It runs in nobody's place,
   * except for what a recogniser binds to its caller.
   */
  readonly opens?: true;
  /**
   * Whether the method itself calls the application: listeners, factories, or functions among its options. The calls
   * that those make of the library are calls of their own.
   */
  callsOut?(self: object): boolean;
}

/**
 * A recogniser of how a call tells its end. If the call is of the kind that it knows, it makes the call by
 * `call.invoke` and watches for the end.
 *
 * @returns the very value that the method gave; `notMine`, without having made the call, if the call is of another
 *   kind
 */
export type End = (call: Call) => unknown;

/** The result of a recogniser for a call that is not of its kind. */
export const notMine: unique symbol = Symbol('not mine');

/** One call of a hooked method while something is live. */
export class Call {
  readonly self: object;
  /** Our copy of the arguments: a recogniser may replace values in it. */
  readonly args: unknown[];
  /** The context of the caller, even if nothing is recorded there; undefined if the caller is in no trace. */
  readonly caller: Context | undefined;
  readonly guard: Guard;
  /** The context of the call's innermost point; undefined if there is no point to stop. */
  readonly context: Context | undefined;
  readonly #hook: MethodHook;
  readonly #method: Callback;
  #points: readonly Point[];
  /** The context in which the method runs, unless it calls the application. */
  readonly #place: Context | undefined;
  /** Called once, when the call is over and before its points stop. After an error the result is undefined. */
  whenOver: ((result: unknown) => void) | undefined;
  #isOver = false;
  #isInvoked = false;
  #hasThrown = false;
  /** The value that the method returned or threw. */
  #outcome: unknown;

  constructor(
    hook: MethodHook,
    guard: Guard,
    method: Callback,
    self: object,
    args: unknown[],
    caller: Context | undefined,
    points: readonly Point[],
    place: Context | undefined,
  ) {
    this.self = self;
    this.args = args;
    this.caller = caller;
    this.guard = guard;
    this.context = points.length === 0 ? undefined : points[points.length - 1]!.context;
    this.#hook = hook;
    this.#method = method;
    this.#points = points;
    this.#place = hook.opens === true ? nobody() : (this.context ?? place);
  }

  get checkout(): boolean {
    return this.#hook.checkout === true;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** The context in which the method runs. */
  get within(): Context | undefined {
    const context = this.#place;
    return context !== undefined && this.#hook.callsOut?.(this.self) === true
      ? asApplication(context)
      : context;
  }

  /** Calls the method within its point. */
  invoke(): unknown {
    this.#isInvoked = true;
    const run = this.#hook.borrows?.(this.self) === true ? runLibrary : runIn;
    try {
      return (this.#outcome = run(this.within, this.#method, this.self, this.args));
    } catch (error) {
      this.#hasThrown = true;
      this.#outcome = error;
      throw error;
    }
  }

  /** Starts another point within the call. It stops with the call. */
  begin({ point, info }: PointStart): void {
    const parent = this.context ?? this.caller;
    if (parent === undefined || this.#isOver || !isRecorded(parent)) return;
    this.#points = [...this.#points, startPoint(point, parent, info, true, this.#hook.library)];
  }

  /** Ends the call and stops its points. Only the first end of a call counts. */
  succeed(result: unknown, detail?: unknown): void {
    this.#end(result);
    for (let i = this.#points.length - 1; i >= 0; i--) {
      const point = this.#points[i]!;
      if (!point.stopped) stopPoint(point, this.#saidOf(point, result, detail));
    }
  }

  /** Ends the call after an error. */
  fail(error: unknown): void {
    this.#end(undefined);
    for (let i = this.#points.length - 1; i >= 0; i--) {
      const point = this.#points[i]!;
      if (!point.stopped) stopPoint(point, this.#saidOfFailure(point, error));
    }
  }

  /** Nothing may ever tell of the call's end. Until something does, its points do not keep their trace live. */
  suspend(): void {
    for (const point of this.#points) suspendPoint(point);
  }

  /** The call's end is about to be told. */
  resume(): void {
    for (const point of this.#points) resumePoint(point);
  }

  #end(result: unknown): void {
    if (this.#isOver) return;
    const { whenOver } = this;
    if (whenOver !== undefined) guarded(this.guard, () => whenOver(result));
    this.#isOver = true;
  }

  /** Makes the call by the first recogniser that knows its kind. If none does, the call's end stays unknown. */
  proceed(): unknown {
    const { ends } = this.#hook;
    for (let i = 0; i < ends.length; i++) {
      const result = ends[i]!(this);
      if (result !== notMine) return result;
    }
    return this.invokeUnobserved();
  }

  /** Calls the method although the call's end stays unknown: the points stop when the method returns. */
  invokeUnobserved(): unknown {
    const result = this.invoke();
    this.succeed(undefined);
    return result;
  }

  /**
   * Makes the call. An error of the method goes to the application. An error of a recogniser does not: then the call
   * goes on unobserved.
   */
  settle(): unknown {
    try {
      return this.#hook.around === undefined ? this.proceed() : this.#hook.around(this);
    } catch (error) {
      if (!this.#hasThrown) return this.#goOnWithout(error);
      const thrown = this.#outcome;
      this.fail(thrown);
      throw thrown;
    }
  }

  #goOnWithout(error: unknown): unknown {
    this.guard.fail(error);
    try {
      return this.#isInvoked ? this.#outcome : this.invoke();
    } finally {
      this.succeed(undefined);
    }
  }

  #saidOf({ context }: Point, result: unknown, detail: unknown): StopInfo {
    if (this.guard.off || this.#hook.stop === undefined) return undefined;
    try {
      return this.#hook.stop(result, context, detail, this.args);
    } catch (error) {
      this.guard.fail(error);
      return undefined;
    }
  }

  #saidOfFailure({ context }: Point, error: unknown): Payload {
    return guarded(this.guard, () => this.#hook.failed?.(error, context) ?? ending(error));
  }
}
