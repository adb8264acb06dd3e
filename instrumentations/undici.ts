import { AsyncResource } from 'node:async_hooks';
import * as util from 'node:util';

import type { Callback } from '../src/hooks/call.js';
import { onChannel } from '../src/hooks/channel.js';
import { type Guard, createGuard, guarded, watching } from '../src/hooks/guard.js';
import { defaultPort, isAwsSigned, mayCarry } from '../src/hooks/http.js';
import { isSuppressed } from '../src/hooks/other-agents.js';
import type { Settings } from '../src/hooks/settings.js';
import { target } from '../src/hooks/url.js';
import { type Context, current, runIn } from '../src/trace/context.js';
import { tracing } from '../src/trace/trace.js';
import type { Info } from '../src/trace/event.js';
import { notice } from '../src/trace/notice.js';
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
  // Copies of undici and Node's own share the channels: what fails for one costs the others nothing.
  const guards = new WeakMap<object, Guard>();
  const guardOf = (prototype: object): Guard => {
    const guard = guards.get(prototype) ?? createGuard('a copy of undici');
    guards.set(prototype, guard);
    return guard;
  };
  // The channels' contexts are often another request's: the point is found by its request.
  const open = createStamp<{ point: Point; info: Info; guard: Guard }>();
  onChannel<{ request: UndiciRequest }>('undici:request:create', ({ request }) => {
    if (tracing.live === 0) return;
    const guard = guardOf(Object.getPrototypeOf(request) as object);
    guarded(guard, () => begin(request, guard));
  });

  function begin(request: UndiciRequest, guard: Guard): void {
    // As in 6.11.0, which publishes something else in the place of its requests.
    if (typeof request.addHeader !== 'function') {
      guard.off = true;
      notice('a copy of undici is not traced: what it publishes takes no headers; another version does');
      return;
    }
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
    open.put(request, { point, info: {}, guard });
    watching(point, () => {
      bind(request, caller, guard, (status_code) => stopPoint(point, { requests: { status_code } }));
      const isTraced = valuesOf(request, infoHeader.toLowerCase()).length > 0;
      const isSigned = isAwsSigned(valuesOf(request, 'authorization'));
      if (isTraced || isSigned || !mayCarry(settings, hostname, request)) return;
      for (const [name, value] of Object.entries(settings.headersFor(point.context))) {
        request.addHeader(name, value);
      }
    });
  }
  onChannel<{ request: UndiciRequest; response: { statusCode: number } }>(
    'undici:request:headers',
    ({ request, response }) => {
      const state = open.of(request);
      if (state === undefined) return;
      guarded(state.guard, () => (state.info = { requests: { status_code: response.statusCode } }));
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
  if (isRemembered) return handler.runInAsyncScope(currentUnlessSuppressed);
  const here = currentUnlessSuppressed();
  return here === undefined || isBelated(frames()) ? undefined : here;
}

const currentUnlessSuppressed = (): Context | undefined => (isSuppressed() ? undefined : current());

/** A place on the stack: `Pool.dispatch` and its file, which is undefined for what has none. */
interface Frame {
  readonly name: string;
  readonly file: string | undefined;
}

/** Below whoever publishes on the channel; none where the stack can't be read. */
function frames(): readonly Frame[] {
  const { prepareStackTrace, stackTraceLimit } = Error;
  try {
    // Names alone: a whole stack would be translated by source maps, which takes milliseconds.
    const prepare = (_error: Error, sites: NodeJS.CallSite[]): Frame[] =>
      sites.map((site) => ({
        name: `${site.getTypeName()}.${site.getFunctionName()}`,
        file: site.getFileName() ?? undefined,
      }));
    // Neither can be set where the language's own objects are frozen.
    const isSet =
      Reflect.set(Error, 'stackTraceLimit', maxFrames) && Reflect.set(Error, 'prepareStackTrace', prepare);
    const { stack } = (isSet ? new Error() : {}) as { stack?: unknown };
    const all = Array.isArray(stack) ? (stack as Frame[]) : sitesOf();
    return all
      .slice(all.findIndex(({ file }) => file === 'node:diagnostics_channel'))
      .filter(({ file }) => file !== 'node:diagnostics_channel');
  } finally {
    Reflect.set(Error, 'stackTraceLimit', stackTraceLimit);
    if (prepareStackTrace === undefined) Reflect.deleteProperty(Error, 'prepareStackTrace');
    else Reflect.set(Error, 'prepareStackTrace', prepareStackTrace);
  }
}

/** The same by Node's own function, which there is since 22.9; it knows no types. */
function sitesOf(): readonly Frame[] {
  const { getCallSites } = util as {
    readonly getCallSites?: (count: number) => readonly { functionName: string; scriptName: string }[];
  };
  const sites = getCallSites?.(maxFrames) ?? [];
  if (sites.length === 0) {
    notice("requests of fetch and undici are not traced: who makes them can't be told without stacks");
  }
  return sites.map(({ functionName, scriptName }) => ({
    name: `.${functionName}`,
    file: scriptName === '' ? undefined : scriptName,
  }));
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
const belated = /onDrain|^(?:Request)?\.on[A-Z]/;
// What calls on, in the context of its caller.
const transparent = /^node:(?:async_hooks|dns|internal\/(?:async_|process\/task_queues|bootstrap\/))/;
