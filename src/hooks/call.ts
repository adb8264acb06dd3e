import { ending } from '../trace/cancelled.js';
import { type Context, runIn, runLibrary, shared } from '../trace/context.js';
import type { Info } from '../trace/event.js';
import { type Point, type Said, stopPoint } from '../trace/point.js';
import { type Guard, guarded } from './guard.js';

/** A callback of the application's or of a library's. */
export type Callback = (this: unknown, ...args: unknown[]) => unknown;

/** A point that a call is to become: its name and what is known at its start. */
export interface PointStart {
  readonly point: string;
  readonly info: Said;
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
  stop?(result: unknown, point: string): Said;
  /** What a point says at its stop after an error; its class and message by default, or that the caller gave it up. */
  failed?(error: unknown): Info;
  readonly settles: Settling;
  /**
   * The method hands out what its library goes on with in the callback, as a pool does with a connection:
   * within a call of the library the callback is brought back too, and a callback that the library asks for
   * again, on behalf of whoever waits, goes on where it was.
   */
  readonly handsOut?: true;
  /**
   * Whether the method is the library's own code, which calls none of the application's but by callbacks that
   * are bound: so it can do without the storage.
   */
  isLent?(self: object): boolean;
  /**
   * What the method opens outlives its caller and serves others too: it calls back in nobody's place, but for what
   * the strategy brings back.
   */
  readonly opens?: true;
}

/**
 * Calls the method by `call.invoke` and watches for the call's end, in one of the ways by which libraries tell
 * it. Gives back the very value that the method gave.
 */
export type Settling = (call: Call) => unknown;

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
  readonly #points: readonly Point[];
  /** Where the method runs. */
  readonly #place: Context | undefined;
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
    this.#place = hook.opens === true ? shared() : (this.context ?? place);
  }

  get handsOut(): boolean {
    return this.#hook.handsOut === true;
  }

  /** Calls the method, within its point. */
  invoke(): unknown {
    this.#isInvoked = true;
    const run = this.#hook.isLent?.(this.self) === true ? runLibrary : runIn;
    try {
      return (this.#outcome = run(this.#place, this.#method, this.self, this.args));
    } catch (error) {
      this.#hasThrown = true;
      this.#outcome = error;
      throw error;
    }
  }

  /** The call is over; only the first time counts. */
  succeed(result: unknown): void {
    for (let i = this.#points.length - 1; i >= 0; i--) {
      const point = this.#points[i]!;
      if (!point.stopped) stopPoint(point, this.#saidOf(point, result));
    }
  }

  /** The same, by an error. */
  fail(error: unknown): void {
    for (let i = this.#points.length - 1; i >= 0; i--) {
      const point = this.#points[i]!;
      if (!point.stopped) stopPoint(point, this.#saidOfFailure(error));
    }
  }

  /**
   * Has the hook's strategy make the call. What the method throws is the application's to see; what the
   * strategy itself throws is not, and then nothing tells of the call's end.
   */
  settle(): unknown {
    try {
      return this.#hook.settles(this);
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

  #saidOf({ context }: Point, result: unknown): Said {
    if (this.guard.off || this.#hook.stop === undefined) return undefined;
    try {
      return this.#hook.stop(result, context.point);
    } catch (error) {
      this.guard.fail(error);
      return undefined;
    }
  }

  #saidOfFailure(error: unknown): Said {
    return guarded(this.guard, () => this.#hook.failed?.(error) ?? ending(error));
  }
}
