import { AsyncResource } from 'node:async_hooks';

import { onChannel } from '../src/hooks/channel.js';
import { defaultPort, mayCarry } from '../src/hooks/http.js';
import type { Settings } from '../src/hooks/settings.js';
import { target } from '../src/hooks/url.js';
import { type Context, current, tracing } from '../src/trace/context.js';
import type { Info } from '../src/trace/event.js';
import { failure } from '../src/trace/info.js';
import { type Point, startPoint, stopPoint } from '../src/trace/point.js';

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
  // The channels' contexts are often another request's: the point is found by its request.
  const open = new WeakMap<UndiciRequest, { point: Point; info: Info }>();
  onChannel<{ request: UndiciRequest }>('undici:request:create', ({ request }) => {
    if (tracing.live === 0) return;
    const caller = isBelated() ? askedBy(request) : current();
    if (caller === undefined) return;
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
    open.set(request, { point, info: {} });
    const headers = Array.isArray(request.headers) ? request.headers.join('\n') : String(request.headers);
    if (!mayCarry(settings, hostname, request) || /(^|\n)x-trace-info\b|(^|\W)aws4-/i.test(headers)) return;
    for (const [name, value] of Object.entries(settings.headersFor(point.context))) {
      request.addHeader(name, value);
    }
  });
  onChannel<{ request: UndiciRequest; response: { statusCode: number } }>(
    'undici:request:headers',
    ({ request, response }) => {
      const state = open.get(request);
      if (state !== undefined) state.info = { requests: { status_code: response.statusCode } };
    },
  );
  onChannel<{ request: UndiciRequest }>('undici:request:trailers', ({ request }) => {
    const state = open.get(request);
    if (state !== undefined) stopPoint(state.point, state.info);
  });
  onChannel<{ request: UndiciRequest; error: unknown }>('undici:request:error', ({ request, error }) => {
    const state = open.get(request);
    if (state !== undefined) stopPoint(state.point, { ...failure(error), ...state.info });
  });
}

/**
 * Whether undici makes a request later than its caller asked for it, which is in the context of whatever
 * happens on the connection then, often that of another trace: a saturated pool empties its queue, a
 * redirect is followed, a request is retried. Only the stack tells.
 */
function isBelated(): boolean {
  const { prepareStackTrace, stackTraceLimit } = Error;
  try {
    Error.stackTraceLimit = 40;
    // Names alone: a whole stack would be translated by source maps, which takes milliseconds.
    Error.prepareStackTrace = (_error, frames) =>
      frames.map((frame) => `${frame.getTypeName()}.${frame.getFunctionName()}`);
    const { stack } = new Error() as { stack?: unknown };
    return !Array.isArray(stack) || stack.some((name) => belated.test(String(name)));
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
    if (prepareStackTrace === undefined) Reflect.deleteProperty(Error, 'prepareStackTrace');
    else Error.prepareStackTrace = prepareStackTrace;
  }
}

/**
 * Who asked for a belated request, as far as that is known: the handlers of `request`, `stream` and their
 * like remember their callers, those of `fetch` and of interceptors do not.
 */
function askedBy(request: UndiciRequest): Context | undefined {
  const symbol = Object.getOwnPropertySymbols(request).find(({ description }) => description === 'handler');
  const handler = symbol && (request as unknown as Record<symbol, unknown>)[symbol];
  return handler instanceof AsyncResource ? handler.runInAsyncScope(current) : undefined;
}

// Of undici 5 to 8, as a package and as Node's own. The names of handlers' classes cover what is below
// them; `Request.on…` is a response that arrives.
const belated = /onDrain|RetryHandler|RedirectHandler|^Request\.on/;
