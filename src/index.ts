import { carriedIn } from './trace/carried.js';
import type { Info } from './trace/event.js';
import { type Position, publishedProfiler } from './trace/profiler.js';
import { type TracedClassOptions, type TracedOptions, traced, tracedClass } from './trace/traced.js';

export type { Info, Position, TracedClassOptions, TracedOptions };

/**
 * The application's own hand on the trace that it runs in. Everything here does nothing while the agent
 * is off, and while the running code is not traced.
 */
export const profiler = {
  /**
   * Begins a trace in the running code and in all that it awaits, until `clean`.
   *
   * @param hmac_key signs what goes out: the other services must know it
   * @param ids the trace to take part in and the point above; a new trace by default
   * @throws TypeError when the key is not a text or an id is not a UUID
   */
  init(hmac_key: string, ids: { base_id?: string; parent_id?: string } = {}): void {
    publishedProfiler()?.init(hmac_key, ids);
  },

  /** Where the running code is within a trace; undefined where it is not traced. */
  get(): Position | undefined {
    return publishedProfiler()?.get();
  },

  /** Leaves the trace: what the running code starts from here on is not traced. */
  clean(): void {
    publishedProfiler()?.clean();
  },

  /**
   * Starts a point below the current one, which it becomes until `stop`. Prefer `trace`, which cannot
   * forget the stop.
   *
   * @param name of the point; a dash becomes `_`, because OSProfiler's readers cut names there
   */
  start(name: string, info?: Info): void {
    publishedProfiler()?.start(name, info);
  },

  /** Stops the point that the last `start` started. */
  stop(info?: Info): void {
    publishedProfiler()?.stop(info);
  },

  /**
   * Calls a function within a point. The point stops when the function returns, or when the promise that
   * it returns settles.
   *
   * @returns the very value that the function returns; of a plain promise, one that settles alike
   */
  trace,

  /**
   * Makes a function a point whenever it is called within a trace, and so, by `@traced('name')`, a method, an
   * accessor or a field that holds a function, static ones too: as a standard decorator, and as one of
   * `experimentalDecorators` (there not of fields). From JavaScript:
   * `const work = traced('work')(function work() { … })`.
   *
   * @param name of the point: the kind of work, as `rpc` or `task`; the function's name is in its info
   */
  traced,

  /**
   * Makes each method of a class a point, by `@tracedClass('rpc')`, of both kinds of decorators too, or by
   * `tracedClass('rpc')(Class)`. Static methods, accessors and inherited methods stay as they are, as do methods that begin with `_`.
   */
  tracedClass,

  /**
   * The headers that carry the trace on, for clients of your own; none where there is no trace. A client that is
   * instrumented puts those of its own point in their place, or takes them out for a host that may not have them.
   */
  traceHeaders(): Record<string, string> {
    return publishedProfiler()?.traceHeaders() ?? {};
  },

  /**
   * Calls a function, and all that it awaits, within the trace that a message's headers ask for: what starts
   * there is below the point whose `traceHeaders()` came with the message. For queues and protocols that ostrace
   * does not know. No point is made of the call itself: `trace` within it makes one.
   *
   * Headers are checked as those of a request are, with the keys and the age of the configuration. Without good
   * ones the function runs outside of any trace, also where the caller is traced.
   *
   * @param headers an object, `Headers`, a `Map` or pairs; names in any case, values texts or bytes
   * @returns what the function returns; of a plain promise, one that settles alike
   * @throws TypeError when there is no function
   */
  continue<Result>(headers: unknown, fn: () => Result): Result {
    if (typeof fn !== 'function') throw noFunction('continue(headers, fn)');
    const agent = publishedProfiler();
    return agent === undefined ? fn() : agent.continueTrace(carriedIn(headers), fn);
  },
};

/** The same with the agent and without: a mistake must not wait for the day on which it is switched on. */
function noFunction(call: string): TypeError {
  return new TypeError(`profiler.${call}: fn is not a function`);
}

function trace<Result>(name: string, fn: () => Result): Result;
function trace<Result>(name: string, info: Info, fn: () => Result): Result;
function trace<Result>(name: string, ...rest: [() => Result] | [Info, () => Result]): Result {
  const fn = rest[rest.length - 1] as () => Result;
  const info = rest.length === 2 ? rest[0] : undefined;
  if (typeof fn !== 'function') throw noFunction('trace(name, info, fn)');
  const agent = publishedProfiler();
  if (agent === undefined) return fn();
  return agent.call(name, { start: () => info, stop: () => undefined }, fn);
}
