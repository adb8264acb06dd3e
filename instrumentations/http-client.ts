import { AsyncResource } from 'node:async_hooks';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { createRequire } from 'node:module';

import { onChannel } from '../src/hooks/channel.js';
import { bindEmitter } from '../src/hooks/emitter.js';
import { type Guard, createGuard, guarded } from '../src/hooks/guard.js';
import { patch } from '../src/hooks/patch.js';
import type { Settings } from '../src/hooks/settings.js';
import { target } from '../src/hooks/url.js';
import { type Context, current, tracing } from '../src/trace/context.js';
import type { Info } from '../src/trace/event.js';
import { failure } from '../src/trace/info.js';
import { type Point, startPoint, stopPoint } from '../src/trace/point.js';
import { hmacHeader, infoHeader, signIds } from '../src/trace/signing.js';

type Send = (this: unknown, ...args: unknown[]) => ClientRequest;

/** Outgoing requests of `http` and `https`, and of `fetch` and undici: `http` and `https` points. */
export function httpClient(settings: Settings): void {
  const guard = createGuard('http client');
  onUndici(settings);
  if (hasCreatedChannel) {
    onChannel<{ request: ClientRequest }>('http.client.request.created', ({ request }) => {
      if (tracing.live > 0) send(request, settings, guard);
    });
    return;
  }
  // Node 20: a request can only be caught where it is made. `https` costs 3 ms to load there, and more
  // than ten times as much later on.
  const builtin = createRequire(__filename);
  for (const name of ['http', 'https']) {
    const module = builtin(name) as { request: Send; get: Send };
    const original = module.request;
    function observed(this: unknown): ClientRequest {
      const args = arguments as unknown as unknown[];
      const request = Reflect.apply(original, this, args);
      if (tracing.live > 0) guarded(guard, () => send(request, settings, guard));
      return request;
    }
    patch(module, 'request', () => observed);
    // `get` calls a `request` of its own (not the exported one, which may be somebody's stub), and sends
    // the headers before it returns.
    patch(
      module,
      'get',
      () =>
        function () {
          const args = arguments as unknown as unknown[];
          const request = Reflect.apply(observed, this, args);
          request.end();
          return request;
        },
    );
  }
}

const hasCreatedChannel = Number(process.versions.node.split('.')[0]) >= 22;

function send(request: ClientRequest, settings: Settings, guard: Guard): void {
  const caller = current();
  if (caller === undefined) return;
  const scheme = request.protocol === 'https:' ? 'https' : 'http';
  const point = startPoint(scheme, caller, {
    requests: {
      method: request.method,
      scheme,
      hostname: request.host,
      port: portOf(request, scheme),
      ...target(request.path),
    },
  });
  if (carries(settings, request.host, request)) inject(request, point.context);
  let stopInfo: Info = {};
  let error: unknown;
  const stop = (): void =>
    stopPoint(point, error === undefined ? stopInfo : { ...failure(error), ...stopInfo });
  bindEmitter(request, caller, guard, (event, value) => {
    if (event === 'response' || event === 'upgrade' || event === 'connect') {
      const response = value as IncomingMessage;
      stopInfo = { requests: { status_code: response.statusCode } };
      if (event !== 'response') return stop();
      bindEmitter(response, caller, guard, (ended) => {
        if (ended === 'close' && !response.complete) error ??= new Aborted();
        if (ended === 'end' || ended === 'close') stop();
      });
    } else if (event === 'error') {
      error ??= value;
    } else if (event === 'close') {
      stop();
    }
    return undefined;
  });
}

/** What the stop of a response that broke off says. */
class Aborted extends Error {
  override readonly message: string = 'the connection was closed before the response was complete';
}

/** The port as far as the request itself shows it: in its Host header, unless that names another host. */
function portOf(request: ClientRequest, scheme: string): number | undefined {
  const host = request.getHeader('host');
  if (host === undefined || typeof host !== 'string') return undefined;
  const [, name = '', port] = /^(.*?)(?::(\d+))?$/.exec(host) ?? [];
  if (name.replace(/^\[(.*)\]$/, '$1') !== request.host.replace(/^\[(.*)\]$/, '$1')) return undefined;
  return port === undefined ? defaultPort(scheme) : Number(port);
}

/**
 * Whether a request may carry signed headers: to the host that it goes to and, where that is a forward
 * proxy, to the host that it is for. `CONNECT` is for the proxy alone, which could replay them.
 */
function carries(
  settings: Settings,
  host: string,
  { method, path }: { readonly method: string; readonly path: string },
): boolean {
  if (method === 'CONNECT' || !settings.carriesTo(host)) return false;
  if (!/^[a-z][a-z\d+.-]*:/i.test(path)) return true;
  return URL.canParse(path) && settings.carriesTo(new URL(path).hostname);
}

const defaultPort = (scheme: string): number => (scheme === 'https' ? 443 : 80);

function inject(request: ClientRequest, { trace, id }: Context): void {
  const authorization = request.getHeader('authorization');
  if (request.hasHeader(infoHeader) || isSigned(authorization)) return;
  const { info, hmac } = signIds(trace.base_id, id, trace.hmac_key);
  if (!isWritten(request)) {
    request.setHeader(infoHeader, info);
    request.setHeader(hmacHeader, hmac);
    return;
  }
  const lines = `\r\n${infoHeader}: ${info}\r\n${hmacHeader}: ${hmac}\r\n\r\n`;
  const extended = request._header.replace(/\r\n\r\n$/, lines);
  if (/\r\nauthorization: *aws4-/i.test(request._header)) return;
  const [first] = request.outputData;
  if (first?.data === request._header) {
    first.data = extended;
    request.outputSize += extended.length - request._header.length;
  }
  request._header = extended;
}

/**
 * A request with headers in an array, or with an `Expect` header, is written down when it is made, and
 * `setHeader` would throw; it is not on its way yet, because a request gets its socket in a later turn.
 * These fields of Node's have been the same since version 12.
 */
interface WrittenRequest extends ClientRequest {
  _header: string;
  /** With `Expect`, the header waits in here already. */
  outputData: { data: unknown }[];
  outputSize: number;
}

function isWritten(request: ClientRequest): request is WrittenRequest {
  const { _header, outputData } = request as Partial<WrittenRequest>;
  return typeof _header === 'string' && Array.isArray(outputData);
}

/** A request whose headers are signed (AWS's SigV4) breaks when headers are added. */
const isSigned = (authorization: unknown): boolean =>
  typeof authorization === 'string' && /^AWS4-/i.test(authorization);

/** The request that undici's channels publish. */
interface UndiciRequest {
  readonly origin: unknown;
  readonly path: string;
  readonly method: string;
  /** Pairs in an array, or lines in a string, by version. */
  readonly headers: unknown;
  addHeader(name: string, value: string): void;
}

function onUndici(settings: Settings): void {
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
    if (!carries(settings, hostname, request) || /(^|\n)x-trace-info\b|(^|\W)aws4-/i.test(headers)) return;
    const { trace, id } = point.context;
    const signed = signIds(trace.base_id, id, trace.hmac_key);
    request.addHeader(infoHeader, signed.info);
    request.addHeader(hmacHeader, signed.hmac);
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
