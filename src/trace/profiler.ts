// The profiler behind the public API: it starts, stops and carries on points and traces for the application.
import { ending } from './cancelled.js';
import {
  type Context,
  caller,
  current,
  enter,
  requestDefault,
  rootContext,
  runIn,
  tracedBy,
} from './context.js';
import { type Trace, beginTrace, release } from './trace.js';
import type { Info } from './event.js';
import { traceHeaders } from './headers.js';
import { isUuid, newId } from './ids.js';
import { type Point, pointName, resumePoint, startPoint, stopPoint, suspendPoint } from './point.js';
import { isPlainPromise, passingOn } from './plain-promise.js';
import type { VerifiedTrace } from './signing.js';
import { createStamp } from './stamp.js';

/** The place of the running code within a trace. */
export interface Position {
  readonly base_id: string;
  readonly parent_id: string;
  /** The current point. */
  readonly id: string;
}

/** Describes a function for `call`. It is only called if the call is traced. */
export interface Description {
  start(): Info | undefined;
  stop(result: unknown): Info | undefined;
}

/** The application's access to the trace that it runs in. */
export interface Profiler {
  /** Begins a trace in the running code and what it awaits; see `profiler.init` of the API. */
  init(hmac_key: string, ids?: { base_id?: string; parent_id?: string }): void;
  get(): Position | undefined;
  clean(): void;
  start(name: string, info?: Info): void;
  stop(info?: Info): void;
  call<Result>(name: string, description: Description, fn: () => Result): Result;
  traceHeaders(): Record<string, string>;
  /** @param headers with names in lower case */
  continueTrace<Result>(headers: Readonly<Record<string, unknown>>, fn: () => Result): Result;
}

/**
 * Makes the profiler of this thread.
 *
 * @param verify gives the trace that headers ask for
 * @param onBegun called with each trace that `init` begins
 */
export function createProfiler(
  verify: (headers: Readonly<Record<string, unknown>>) => VerifiedTrace | undefined,
  onBegun: (trace: Trace) => void,
): Profiler {
  const begun = new WeakSet<Trace>();
  const open = createStamp<{ readonly point: Point; readonly outer: Context }>();

  return {
    init(hmac_key, { base_id = newId(), parent_id = base_id } = {}) {
      if (typeof hmac_key !== 'string' || hmac_key === '') {
        throw new TypeError('profiler.init: hmac_key must be a text that is not empty');
      }
      if (!isUuid(base_id) || !isUuid(parent_id)) {
        throw new TypeError(
          'profiler.init: base_id and parent_id must be UUIDs, as in 7253ca8c-33b3-4f84-b4f1-f5a4311ddfa4',
        );
      }
      const trace = beginTrace(base_id, hmac_key);
      begun.add(trace);
      onBegun(trace);
      enter(rootContext(trace, parent_id));
    },

    get() {
      const context = current();
      if (context === undefined) return undefined;
      const { trace, id, parent } = context;
      return { base_id: trace.base_id, parent_id: parent.text, id: id.text };
    },

    clean() {
      const trace = current()?.trace;
      enter(undefined);
      if (trace !== undefined && begun.delete(trace)) release(trace);
    },

    start(name, info) {
      const outer = caller();
      if (outer === undefined) return;
      const point = startPoint(pointName(name), outer, info);
      open.put(point.context, { point, outer });
      enter(point.context);
    },

    stop(info) {
      const context = current();
      const started = open.of(context);
      if (started === undefined) return;
      stopPoint(started.point, info);
      enter(started.outer);
    },

    call(name, description, fn) {
      const outer = caller();
      if (outer === undefined) return fn();
      const point = startPoint(pointName(name), outer, described(description));
      let result: ReturnType<typeof fn>;
      try {
        result = runIn(point.context, fn, undefined, []);
      } catch (error) {
        stopPoint(point, ending(error));
        throw error;
      }
      if (isObject(result)) return watchResult(point, description, result);
      stopPoint(point, description.stop(result));
      return result;
    },

    traceHeaders() {
      const context = current();
      if (context === undefined) return {};
      const { trace, id } = context;
      return traceHeaders({ base_id: trace.base_id, parent_id: id.text, hmac_key: trace.hmac_key });
    },

    continueTrace(headers, fn) {
      const signed = verify(headers);
      // It runs like a request that triggers nothing: whoever started the consumer has nothing to do with the
      // message.
      if (signed === undefined) return runIn(requestDefault(), fn, undefined, []);
      const root = tracedBy(signed);
      const end = (): void => release(root.trace);
      let result: ReturnType<typeof fn>;
      try {
        result = runIn(root, fn, undefined, []);
      } catch (error) {
        end();
        throw error;
      }
      if (isPlainPromise(result)) return result.then(...passingOn(end, end)) as unknown as typeof result;
      if (!isObject(result) || !returned().watch(result, end, end)) end();
      return result;
    },
  };
}

/** Loaded for the first object that is no plain promise. */
const returned = (): typeof import('./returned.js') =>
  require('./returned.js') as typeof import('./returned.js');

/** Stops the point of a call that returned an object, which may be a promise of its result. */
function watchResult<Result extends object>(point: Point, description: Description, result: Result): Result {
  const succeed = (value: unknown): void => stopPoint(point, description.stop(value));
  const fail = (error: unknown): void => stopPoint(point, ending(error));
  if (isPlainPromise(result)) {
    // The returned promise replaces the one that was given: a handler beside it would hide an unhandled rejection.
    return result.then(...passingOn(succeed, fail)) as unknown as Result;
  }
  // A query may be built and never run. Until it runs, it must not keep the trace live.
  const isWatched = returned().watch(
    result,
    (value) => {
      resumePoint(point);
      succeed(value);
    },
    (error) => {
      resumePoint(point);
      fail(error);
    },
  );
  if (isWatched) suspendPoint(point);
  else succeed(result);
  return result;
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

function described(description: Description): Info | undefined {
  try {
    return description.start();
  } catch {
    return undefined; // a getter of the application's info threw
  }
}

const key = Symbol.for('ostrace.profiler.1');

/**
 * Puts the profiler where every copy of this package finds it: an application may load the API twice, as a
 * CommonJS and an ES module or in two versions.
 *
 * @returns false when the thread has an agent already
 */
export function publishProfiler(profiler: Profiler): boolean {
  if (publishedProfiler() !== undefined) return false;
  Object.defineProperty(globalThis, key, { value: profiler });
  return true;
}

/** The profiler of this thread's agent; undefined while the agent is off. */
export function publishedProfiler(): Profiler | undefined {
  return (globalThis as { [key]?: Profiler })[key];
}
