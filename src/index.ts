// The public API.
import { carriedIn } from './trace/carried.js';
import type { Info } from './trace/event.js';
import { type Position, publishedProfiler } from './trace/profiler.js';
import { type TracedClassOptions, type TracedOptions, traced, tracedClass } from './trace/traced.js';

export type { Info, Position, TracedClassOptions, TracedOptions };

/**
 * The application's access to the trace that it runs in. Everything here does nothing while the agent is off, and
 * while the running code is not traced.
 */
export const profiler = {
  /**
   * Begins a trace in the running code and in everything that it awaits, until `clean`.
   *
   * @param hmac_key signs outgoing requests; the other services must know it
   * @param ids the trace to take part in and the point above; a new trace by default
   * @throws TypeError if the key is not a text or an id is not a UUID
   */
  init(hmac_key: string, ids: { base_id?: string; parent_id?: string } = {}): void {
    publishedProfiler()?.init(hmac_key, ids);
  },

  /** The place of the running code within a trace; undefined if it is not traced. */
  get(): Position | undefined {
    return publishedProfiler()?.get();
  },

  /** Leaves the trace: code that starts from here on is not traced. */
  clean(): void {
    publishedProfiler()?.clean();
  },

  /**
   * Starts a point below the current one. The new point is the current one until `stop`. Prefer `trace`, which
   * cannot forget the stop.
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
   * Calls a function within a point. The point stops when the function returns, or when the promise that it returns
   * settles.
   *
   * @returns exactly what the function returns; for a plain promise, one that settles alike
   */
  trace,

  /**
   * Makes a function a point whenever it is called within a trace. As `@traced('name')` it does so for a method, an
   * accessor or a field that holds a function, including static ones: as a standard decorator, and as a decorator
   * of `experimentalDecorators` (there not for fields). From JavaScript: `const work = traced('work')(function
   * work() { … })`.
   *
   * @param name of the point: the kind of work, such as `rpc` or `task`; the function's name is in its info
   */
  traced,

  /**
   * Makes each method of a class a point: `@tracedClass('rpc')` with both kinds of decorators, or
   * `tracedClass('rpc')(Class)`. Static methods, accessors and inherited methods stay as they are, and so do
   * methods whose names begin with `_`.
   */
  tracedClass,

  /**
   * The headers that carry the trace on, for clients of your own; none if there is no trace. An instrumented client
   * replaces them with the headers of its own point, or removes them for a host that may not have them.
   */
  traceHeaders(): Record<string, string> {
    return publishedProfiler()?.traceHeaders() ?? {};
  },

  /**
   * Calls a function, and everything that it awaits, within the trace that a message's headers ask for. Points that
   * start there are below the point whose `traceHeaders()` came with the message. It is for queues and protocols
   * that ostrace does not know. The call itself makes no point: call `trace` within it for one.
   *
   * Headers are checked as those of a request are, with the keys and the age of the configuration. Without valid
   * headers, the function runs outside of any trace, even if the caller is traced.
   *
   * @param headers an object, `Headers`, a `Map` or pairs; names in any case, values as texts or bytes
   * @returns what the function returns; for a plain promise, one that settles alike
   * @throws TypeError if there is no function
   */
  continue<Result>(headers: unknown, fn: () => Result): Result {
    if (typeof fn !== 'function') throw noFunction('continue(headers, fn)');
    const agent = publishedProfiler();
    return agent === undefined ? fn() : agent.continueTrace(carriedIn(headers), fn);
  },
};

/** Thrown with the agent and without it: a mistake must not stay hidden until the agent is switched on. */
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
