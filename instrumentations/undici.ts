import { AsyncResource } from 'node:async_hooks';

import type { Callback } from '../src/hooks/call.js';
import { onChannel } from '../src/hooks/channel.js';
import { type Guard, createGuard, guarded, watching } from '../src/hooks/guard.js';
import { answered, defaultPort, isAwsSigned, mayCarry } from '../src/hooks/http.js';
import { isSuppressed } from '../src/hooks/other-agents.js';
import type { Settings } from '../src/hooks/settings.js';
import { target } from '../src/hooks/url.js';
import { type Context, caller as callerOf, runIn } from '../src/trace/context.js';
import { leftOut, tracing } from '../src/trace/trace.js';
import type { Info } from '../src/trace/event.js';
import { infoHeader } from '../src/trace/headers.js';
import { failure } from '../src/trace/info.js';
import { type Point, startPoint, stopPoint } from '../src/trace/point.js';
import { createStamp } from '../src/trace/stamp.js';

/** The request that undici's channels publish. */
interface UndiciRequest {
  readonly origin: unknown;
  readonly path: string;
  readonly method: string;
  /** Pairs in an array, or lines in a string, by version. */
  readonly headers: unknown;
  addHeader(name: string, value: string): void;
}

/**
 * Requests of the global `fetch` and of undici: `http` and `https` points. Node's own undici and the package
 * publish on the same channels, so neither is patched or loaded.
 */
export function undici(settings: Settings): void {
  const guard = createGuard('undici');
  // The channels' contexts are often another request's: the point is found by its request.
  const open = createStamp<{ point: Point; info: Info; isSigned: boolean }>();
  onChannel<{ request: UndiciRequest }>('undici:request:create', ({ request }) => {
    if (tracing.live === 0) return;
    const caller = askedBy(request);
    if (caller === undefined) {
      bind(request, undefined, guard);
      return;
    }
    const { protocol, hostname, port } = new URL(String(request.origin));
    const scheme = protocol === 'https:' ? 'https' : 'http';
    const point = startPoint(scheme, caller, {
      requests: {
        method: request.method,
        scheme,
        hostname,
        port: port === '' ? defaultPort(scheme) : Number(port),
        ...target(request.path),
      },
    });
    const state = { point, info: {}, isSigned: false };
    open.put(request, state);
    watching(point, () => {
      bind(request, caller, guard, (status) => stopPoint(point, answered(status, state.isSigned)));
      const isTraced = valuesOf(request, infoHeader.toLowerCase()).length > 0;
      const isSigned = isAwsSigned(valuesOf(request, 'authorization'));
      if (isTraced || isSigned || !mayCarry(settings, hostname, request)) return;
      for (const [name, value] of Object.entries(settings.headersFor(point.context))) {
        request.addHeader(name, value);
      }
      state.isSigned = true;
    });
  });
  onChannel<{ request: UndiciRequest; response: { statusCode: number } }>(
    'undici:request:headers',
    ({ request, response }) => {
      const state = open.of(request);
      if (state !== undefined) state.info = answered(response.statusCode, state.isSigned);
    },
  );
  onChannel<{ request: UndiciRequest }>('undici:request:trailers', ({ request }) => {
    const state = open.of(request);
    if (state !== undefined) stopPoint(state.point, state.info);
  });
  onChannel<{ request: UndiciRequest; error: unknown }>('undici:request:error', ({ request, error }) => {
    const state = open.of(request);
    if (state !== undefined) stopPoint(state.point, { ...failure(error), ...state.info });
  });
}

/** What a request says under a name, in lower case; a value may be a list itself. */
function valuesOf({ headers }: UndiciRequest, name: string): readonly unknown[] {
  const lines = Array.isArray(headers) ? [] : String(headers).split('\r\n');
  const pairs = Array.isArray(headers) ? (headers as unknown[]) : lines.flatMap(nameAndValue);
  return pairs.filter((_, i) => i % 2 === 1 && String(pairs[i - 1]).toLowerCase() === name);
}

function nameAndValue(line: string): readonly [string, string] {
  const at = line.indexOf(':');
  return [line.slice(0, at), line.slice(at + 1)];
}

/**
 * Makes what a request calls back run where its caller is: a handler's methods, the listeners of a body, the
 * stream that a body is written to. All of it comes through the request's own methods, whose names differ by
 * version, from a socket that another request may have opened.
 *
 * @param seen is told when the connection is taken out of HTTP, of which older versions publish nothing
 */
function bind(
  request: UndiciRequest,
  caller: Context | undefined,
  guard: Guard,
  seen?: (statusCode: unknown) => void,
): void {
  const methods = request as unknown as Record<string, unknown>;
  for (const name of methodsOf(Object.getPrototypeOf(request) as object)) {
    const original = methods[name] as Callback;
    const isSwitch = name === 'onUpgrade' || name === 'onRequestUpgrade';
    const value = function (this: unknown, ...args: unknown[]): unknown {
      if (isSwitch && seen !== undefined) guarded(guard, () => seen(args[0]));
      return runIn(caller, original, this, args);
    };
    Object.defineProperty(request, name, { value, configurable: true, writable: true });
  }
}

const methodNames = new WeakMap<object, readonly string[]>();

/** The names of the methods by which a class of requests is told what happens: `onData`. */
function methodsOf(prototype: object): readonly string[] {
  let names = methodNames.get(prototype);
  if (names === undefined) {
    const all = prototype as Record<string, unknown>;
    names = Object.getOwnPropertyNames(prototype).filter((name) => /^on[A-Z]/.test(name));
    names = names.filter((name) => typeof all[name] === 'function');
    methodNames.set(prototype, names);
  }
  return names;
}

/**
 * Who asked for a request, as far as that can be known. Undici may make it later, in the context of whatever
 * happens on the connection then, often that of another trace: a saturated pool empties its queue, a redirect
 * is followed, a request is retried.
 */
function askedBy(request: UndiciRequest): Context | undefined {
  const symbol = Object.getOwnPropertySymbols(request).find(({ description }) => description === 'handler');
  const handler = symbol && (request as unknown as Record<symbol, unknown>)[symbol];
  // Those of `request`, `stream` and their like remember their callers, those of `fetch` and of interceptors
  // do not. A `CONNECT` may be a proxy's, asked for by nobody but undici itself.
  const isRemembered = handler instanceof AsyncResource && request.method !== 'CONNECT';
  if (isRemembered) return handler.runInAsyncScope(callerUnlessSuppressed);
  const here = callerUnlessSuppressed();
  if (here === undefined) return undefined;
  if (!isBelated(frames())) return here;
  leftOut.unknown++;
  return undefined;
}

const callerUnlessSuppressed = (): Context | undefined => (isSuppressed() ? undefined : callerOf());

/** A place on the stack: `Pool.dispatch` and its file, which is undefined for what has none. */
interface Frame {
  readonly name: string;
  readonly file: string | undefined;
}

/** Below whoever publishes on the channel. */
function frames(): readonly Frame[] {
  const { prepareStackTrace, stackTraceLimit } = Error;
  try {
    Error.stackTraceLimit = maxFrames;
    // Names alone: a whole stack would be translated by source maps, which takes milliseconds.
    Error.prepareStackTrace = (_error, sites) =>
      sites.map((site) => ({
        name: `${site.getTypeName()}.${site.getFunctionName()}`,
        file: site.getFileName() ?? undefined,
      }));
    const { stack } = new Error() as { stack?: unknown };
    const all = Array.isArray(stack) ? (stack as Frame[]) : [];
    return all
      .slice(all.findIndex(({ file }) => file === 'node:diagnostics_channel'))
      .filter(({ file }) => file !== 'node:diagnostics_channel');
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
    if (prepareStackTrace === undefined) Reflect.deleteProperty(Error, 'prepareStackTrace');
    else Error.prepareStackTrace = prepareStackTrace;
  }
}

// Ten interceptors are half of it.
const maxFrames = 80;
// Of the channel and of its subscriber.
const maxOwnFrames = 10;
const nodesOwn = 'node:internal/deps/undici/undici';

/**
 * Whether a request is made from anywhere but its caller, told by the stack: true also where that does not
 * tell, as in a bundle, in which undici's code can't be told from the application's.
 */
function isBelated([publisher, ...below]: readonly Frame[]): boolean {
  const file = publisher?.file ?? '';
  const [root] = /^.*[\\/](?=lib[\\/]core[\\/]request\.js$)/.exec(file) ?? [];
  const isKnown = root !== undefined || file === nodesOwn;
  let isCalledByApplication = false;
  for (const frame of below) {
    const isUndici = frame.file === nodesOwn || (root !== undefined && frame.file?.startsWith(root) === true);
    if (isUndici) {
      // `fetch` is made of async functions, which are always where their caller is.
      if (frame.name.endsWith('.httpNetworkFetch')) return false;
      if (belated.test(frame.name)) return true;
    } else if (frame.file !== undefined && !transparent.test(frame.file)) {
      if (!frame.file.startsWith('node:')) isCalledByApplication = true;
      // An event, a timer, a socket: undici's, unless the application was called by it.
      else if (!isCalledByApplication || !isKnown) return true;
    } else if (isCalledByApplication && frame.name.endsWith('.runInAsyncScope')) {
      return !isKnown;
    }
  }
  // One that does not end in a microtask was cut off.
  const isWhole = isCalledByApplication || below.length < maxFrames - maxOwnFrames;
  return !isKnown || below.length === 0 || !isWhole;
}

// The microtask that calls the first has no other mark; the second is a response that arrives, on which undici
// or the application asks again.
const belated = /onDrain|^Request\.on/;
// What calls on, in the context of its caller.
const transparent = /^node:(?:async_hooks|dns|internal\/(?:async_|process\/task_queues|bootstrap\/))/;
