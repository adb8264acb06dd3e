import { inspect, types } from 'node:util';

import type { Info } from './trace/event.js';
import { type Description, type Position, publishedProfiler } from './trace/profiler.js';

export type { Info, Position };

/** What is recorded of a traced function, in OSProfiler's words. */
export interface TracedOptions {
  /** More for the point's info, beside the function. */
  readonly info?: Info;
  /** Leaves the arguments out. Default false. */
  readonly hideArgs?: boolean;
  /** Leaves the result out. Default true. */
  readonly hideResult?: boolean;
}

export interface TracedClassOptions extends TracedOptions {
  /** Includes the methods whose names begin with `_`. Default false. */
  readonly tracePrivate?: boolean;
}

/** A function as decorators and callers pass it. */
type AnyFunction<This, Args extends readonly unknown[], Result> = (this: This, ...args: Args) => Result;
type AnyClass = abstract new (...args: never[]) => object;

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
   * Makes a function, or by `@traced('name')` a method, a point whenever it is called within a trace. From
   * JavaScript: `const work = traced('work')(function work() { … })`.
   *
   * @param name of the point: the kind of work, as `rpc` or `task`; the function's name is in its info
   */
  traced,

  /**
   * Makes each method of a class a point, by `@tracedClass('rpc')` or `tracedClass('rpc')(Class)`. Static
   * methods, accessors and inherited methods stay as they are, as do methods that begin with `_`.
   */
  tracedClass,

  /**
   * The headers that carry the trace on, for clients of your own; none where there is no trace. A client that is
   * instrumented puts those of its own point in their place, or takes them out for a host that may not have them.
   */
  traceHeaders(): Record<string, string> {
    return publishedProfiler()?.traceHeaders() ?? {};
  },
};

function trace<Result>(name: string, fn: () => Result): Result;
function trace<Result>(name: string, info: Info, fn: () => Result): Result;
function trace<Result>(name: string, ...rest: [() => Result] | [Info, () => Result]): Result {
  const fn = rest[rest.length - 1] as () => Result;
  const info = rest.length === 2 ? rest[0] : undefined;
  const agent = publishedProfiler();
  if (agent === undefined) return fn();
  return agent.call(name, { start: () => info, stop: () => undefined }, fn);
}

function traced(name: string, options: TracedOptions = {}) {
  return <This, Args extends unknown[], Result>(
    fn: AnyFunction<This, Args, Result>,
    context?: ClassMethodDecoratorContext,
  ): AnyFunction<This, Args, Result> =>
    wrap(name, options, fn, String(context?.name ?? (fn.name || 'anonymous')));
}

function tracedClass(name: string, options: TracedClassOptions = {}) {
  return <Class extends AnyClass>(target: Class, _context?: ClassDecoratorContext): Class => {
    for (const method of Object.getOwnPropertyNames(target.prototype)) {
      const property = Object.getOwnPropertyDescriptor(target.prototype, method)!;
      const isPrivate = method.startsWith('_') && options.tracePrivate !== true;
      if (method === 'constructor' || isPrivate || typeof property.value !== 'function') continue;
      const value = wrap(name, options, property.value as never, `${target.name}.${method}`);
      Object.defineProperty(target.prototype, method, { ...property, value });
    }
    return target;
  };
}

function wrap<This, Args extends unknown[], Result>(
  name: string,
  options: TracedOptions,
  fn: AnyFunction<This, Args, Result>,
  functionName: string,
): AnyFunction<This, Args, Result> {
  const wrapper = function (this: This, ...args: Args): Result {
    const agent = publishedProfiler();
    if (agent === undefined) return Reflect.apply(fn, this, args);
    return agent.call(name, describe(functionName, args, options), () => Reflect.apply(fn, this, args));
  };
  for (const property of ['name', 'length'] as const) {
    Object.defineProperty(wrapper, property, { value: fn[property], configurable: true });
  }
  return wrapper;
}

function describe(name: string, args: readonly unknown[], options: TracedOptions): Description {
  return {
    start: () => ({
      ...options.info,
      // `kwargs` is what OSProfiler's readers look for; JavaScript has none.
      function: { name, ...(options.hideArgs !== true && { args: text(args.map(shown)), kwargs: '{}' }) },
    }),
    stop: (result) =>
      options.hideResult === false ? { function: { result: text(shown(result)) } } : undefined,
  };
}

/** A value as people read it, bounded; like the Python representations that OSProfiler sends. */
function text(value: unknown): string {
  try {
    return inspect(value, {
      depth: 2,
      maxArrayLength: itemsShown,
      maxStringLength: 200,
      breakLength: Infinity,
    });
  } catch {
    // an `inspect` or a getter of the application's throws
    return '[unreadable]';
  }
}

// `inspect` has limits for lists and texts, and none for objects: 100,000 members take it a quarter of a second.
const maxMembersShown = 1000;
const levelsShown = 3;
const itemsShown = 10;

/** The value, or its class alone where it has too many members to be printed. */
function shown(value: unknown): unknown {
  return membersLeft(value, maxMembersShown, levelsShown) < 0
    ? { [inspect.custom]: () => inspect(value, { depth: -1 }) }
    : value;
}

/** What is left of so many members after those that `inspect` would print; no getter is called, as by it. */
function membersLeft(value: unknown, most: number, levels: number): number {
  if (typeof value !== 'object' || value === null || levels === 0) return most;
  // Of a Proxy, `inspect` sees the target, and nobody else does without its traps.
  if (types.isProxy(value) || ArrayBuffer.isView(value)) return most;
  const names = Array.isArray(value) ? indices(value) : Object.keys(value);
  let left = most - names.length;
  for (const name of names) {
    if (left < 0) return left;
    left = membersLeft(Object.getOwnPropertyDescriptor(value, name)?.value, left, levels - 1);
  }
  return left;
}

function indices({ length }: readonly unknown[]): string[] {
  return Array.from({ length: Math.min(length, itemsShown) }, (_, i) => String(i));
}
