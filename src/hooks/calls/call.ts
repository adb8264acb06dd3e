import { ending } from '../../trace/cancelled.js';
import { type Context, isRecorded, nobody, runIn, runLibrary } from '../../trace/context.js';
import type { Info } from '../../trace/event.js';
import { type Payload, type Point, startPoint, stopPoint } from '../../trace/point.js';
import type { PointStart, StopInfo } from '../../trace/vocabulary.js';
import { asApplication } from './application.js';
import { type Guard, guarded } from '../guard.js';

/** A callback of the application's or of a library's. */
export type Callback = (this: unknown, ...args: unknown[]) => unknown;

/** What to record of a method, and how one learns that a call of it has settled. */
export interface MethodHook {
  /** Names the method where something is reported of it: `Client.query`. */
  readonly what: string;
  /** The library that the method belongs to; the points' contexts name it. */
  readonly library: string;
  /** The points of a call, from the outside in; none where it is part of a call that has one. */
  start(self: object, args: readonly unknown[], caller: Context): readonly PointStart[];
  /**
   * What a point says at its stop.
   *
   * @param context the point's own
   * @param detail what was given beside the result
   * @param args what the method was called with
   */
  stop?(result: unknown, context: Context, detail: unknown, args: readonly unknown[]): StopInfo;
  /** What a point says at its stop after an error; its class and message by default, or that the caller gave it up. */
  failed?(error: unknown, context: Context): Info;
  /** How a call may tell its end: the first recogniser that knows its kind makes the call. */
  readonly ends: readonly End[];
  /** Makes the call by `call.proceed`, and watches what it waits for. */
  around?(call: Call): unknown;
  /**
   * The method checks something out that its library goes on with in the callback, as a pool does with a connection:
   * within a call of the library the callback is brought back too, and a callback that the library asks for
   * again, on behalf of a caller that waits, goes on where it was.
   */
  readonly checkout?: true;
  /**
   * Whether the method is the library's own code, which calls none of the application's but by callbacks that
   * are bound: so it borrows its context for the synchronous part, and does without the storage.
   */
  borrows?(self: object): boolean;
  /**
   * Gives an object that the library makes for one request of the application's, such as a command. A second call
   * for the same object is part of the first one, and a call for an object that `noteRequests` has seen is made for
   * the caller that it has seen.
   */
  requested?(args: readonly unknown[]): object | undefined;
  /**
   * What the method opens outlives its caller and serves others too: it calls back in nobody's place, but for what
   * the strategy brings back.
   */
  readonly opens?: true;
  /**
   * Whether the method itself calls the application (listeners, factories and functions among its options): what
   * those ask of the library are calls of their own.
   */
  callsOut?(self: object): boolean;
}

/**
 * A recogniser of how a call tells its end: makes the call by `call.invoke` and watches for the end, if the call is of
 * the kind that this one knows.
 *
 * @returns the very value that the method gave; `notMine`, without having made the call, where it is of another kind
 */
export type End = (call: Call) => unknown;

/** What a recogniser gives for a call that is not of its kind. */
export const notMine: unique symbol = Symbol('not mine');

/** One call of a hooked method while something is live. Not made of closures: there would be ten for each. */
export class Call {
  readonly self: object;
  /** Our copy: a strategy may put other values into it. */
  readonly args: unknown[];
  /** Where the caller is, also where nothing is recorded; undefined where it is in no trace. */
  readonly caller: Context | undefined;
  readonly guard: Guard;
  /** Where the call runs: within its innermost point. Undefined where there is no point to stop. */
  readonly context: Context | undefined;
  readonly #hook: MethodHook;
  readonly #method: Callback;
  #points: readonly Point[];
  /** Where the method runs, but for what it calls of the application's. */
  readonly #place: Context | undefined;
  /** Told once, when the call is over and before its points stop; by an error, it gave nothing. */
  whenOver: ((result: unknown) => void) | undefined;
  #isOver = false;
  #isInvoked = false;
  #hasThrown = false;
  /** What the method gave or threw. */
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

  /** Where the method runs. */
  get within(): Context | undefined {
    const context = this.#place;
    return context !== undefined && this.#hook.callsOut?.(this.self) === true
      ? asApplication(context)
      : context;
  }

  /** Calls the method, within its point. */
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

  /** Starts another point within the call, which stops with it. */
  begin({ point, info }: PointStart): void {
    const parent = this.context ?? this.caller;
    if (parent === undefined || this.#isOver || !isRecorded(parent)) return;
    this.#points = [...this.#points, startPoint(point, parent, info, true, this.#hook.library)];
  }

  /** The call is over; only the first time counts. */
  succeed(result: unknown, detail?: unknown): void {
    this.#end(result);
    for (let i = this.#points.length - 1; i >= 0; i--) {
      const point = this.#points[i]!;
      if (!point.stopped) stopPoint(point, this.#saidOf(point, result, detail));
    }
  }

  /** The same, by an error. */
  fail(error: unknown): void {
    this.#end(undefined);
    for (let i = this.#points.length - 1; i >= 0; i--) {
      const point = this.#points[i]!;
      if (!point.stopped) stopPoint(point, this.#saidOfFailure(point, error));
    }
  }

  #end(result: unknown): void {
    if (this.#isOver) return;
    const { whenOver } = this;
    if (whenOver !== undefined) guarded(this.guard, () => whenOver(result));
    this.#isOver = true;
  }

  /** Makes the call by the first recogniser that knows its kind; where none does, nothing tells of its end. */
  proceed(): unknown {
    const { ends } = this.#hook;
    for (let i = 0; i < ends.length; i++) {
      const result = ends[i]!(this);
      if (result !== notMine) return result;
    }
    return this.invokeUnobserved();
  }

  /** Calls the method, where nothing tells of the call's end: the points end with what can be seen. */
  invokeUnobserved(): unknown {
    const result = this.invoke();
    this.succeed(undefined);
    return result;
  }

  /**
   * Makes the call. What the method throws is the application's to see; what a recogniser itself throws is not, and
   * then nothing tells of the call's end.
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
