import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Server, Socket } from 'node:net';

import { bindEmitter } from '../src/hooks/emitter.js';
import { type Guard, createGuard, guarded, watching } from '../src/hooks/guard.js';
import { aborted, statusOf, watchHandshake } from '../src/hooks/http.js';
import { patch } from '../src/hooks/patch.js';
import type { Settings } from '../src/hooks/settings.js';
import { target } from '../src/hooks/url.js';
import {
  type Context,
  beginTrace,
  current,
  release,
  requestDefault,
  rootContext,
  runIn,
  tracing,
} from '../src/trace/context.js';
import { hmacHeader, infoHeader, timeHeader } from '../src/trace/headers.js';
import { type Point, startPoint, stopPoint } from '../src/trace/point.js';
import { createStamp } from '../src/trace/stamp.js';

const info = infoHeader.toLowerCase();
const hmac = hmacHeader.toLowerCase();
const time = timeHeader.toLowerCase();

type Headers = Readonly<Record<string, unknown>>;

/**
 * Incoming requests of `http`, `https` and `http2` servers: `wsgi` points, OSProfiler's name for them.
 *
 * All are seen where servers emit their events: one place for HTTP/1, HTTP/2, upgrades and `CONNECT`, for which
 * neither `http` nor `https` has to be loaded, and which costs an untriggered request a look through the names of
 * its headers. Node's channel of requests knows HTTP/1 alone, and has Node make an object for each. Requests that
 * Node answers by itself (400 without a `Host`, 503 beyond `maxRequestsPerSocket`) are none here.
 */
export function httpServer(settings: Settings): void {
  const guard = createGuard('http server');
  const { prototype } = (require('node:net') as typeof import('node:net')).Server;
  const inherited = Object.getPrototypeOf(prototype) as { readonly emit: Emit };
  const isInherited = !Object.hasOwn(prototype, 'emit');
  patch(prototype as Server & { emit: unknown }, 'emit', (original) => {
    return function (this: unknown, event: unknown) {
      // Looked up at each call: `node:domain` puts another one there when it is loaded.
      const next = isInherited ? inherited.emit : original;
      const kind = guard.off ? undefined : kinds[event as string];
      // `arguments` goes nowhere else, and is taken out of it here: so V8 makes no object of it.
      const headers = kind && headersOf(kind, arguments[1], arguments[2]);
      return kind === undefined || headers === undefined
        ? Reflect.apply(next, this, arguments as unknown as unknown[])
        : runTraced(kind, headers, next, this, arguments as unknown as unknown[]);
    };
  });

  // A function of its own: what it has closures over is made at each call.
  function runTraced(kind: Kind, headers: Headers, next: Emit, self: unknown, args: unknown[]): unknown {
    const context = guarded(guard, () => contextOf(kind, headers, args));
    return runIn(context, next, self, args);
  }

  // A request may be passed on to another server's listeners by the same event.
  const begun = createStamp<{ readonly context: Context | undefined }>();

  function contextOf(kind: Kind, headers: Headers, args: readonly unknown[]): Context | undefined {
    const request = args[1] as object;
    const before = begun.of(request);
    if (before !== undefined) return current() ?? before.context;
    const root = trigger(headers, settings);
    // The connection may have been used by a traced request, or its server been started within one.
    const parent = root ?? requestDefault();
    try {
      const context = parent && kind.begin(parent, guard, args).context;
      begun.put(request, { context });
      return context;
    } finally {
      if (root !== undefined) release(root.trace);
    }
  }
}

type Emit = (this: unknown, ...args: unknown[]) => unknown;

/** A kind of request, by the event that servers emit for it. */
interface Kind {
  /** The headers that may name a trace; undefined for events of this name that are no such request. */
  headers(first: Headers, second: Headers): Headers | undefined;
  /** Starts its point. */
  begin(parent: Context, guard: Guard, args: readonly unknown[]): Point;
}

/** The headers of a request that asks for a trace; of any other one too, while something is traced. */
function headersOf(kind: Kind, first: unknown, second: unknown): Headers | undefined {
  if (!isObject(first) || !isObject(second)) return undefined;
  try {
    const headers = kind.headers(first, second);
    return headers !== undefined && (tracing.live > 0 || headers[info] !== undefined) ? headers : undefined;
  } catch {
    return undefined; // an object of the application's own, which it emits by this name
  }
}

const isObject = (value: unknown): value is Headers => typeof value === 'object' && value !== null;

const noHeaders: Headers = {};

const exchange: Kind = {
  // HTTP/2 has its event for streams, before this one.
  headers: ({ httpVersionMajor, rawHeaders }) =>
    httpVersionMajor === 1 && Array.isArray(rawHeaders)
      ? (traceHeadersIn(rawHeaders as string[]) ?? noHeaders)
      : undefined,
  begin: startRequest,
};

const streaming: Kind = {
  headers: (_stream, headers) => (':method' in headers ? headers : undefined),
  begin: startStream,
};

const handshake: Kind = {
  headers: ({ headers, method }, socket) =>
    typeof headers === 'object' && method !== undefined && 'write' in socket
      ? ((headers as Headers | null) ?? undefined)
      : undefined,
  begin: startHandshake,
};

const kinds: Readonly<Record<string, Kind>> = Object.assign(Object.create(null) as object, {
  request: exchange,
  checkContinue: exchange,
  checkExpectation: exchange,
  stream: streaming,
  upgrade: handshake,
  connect: handshake,
});

function startRequest(parent: Context, guard: Guard, [, given, answer]: readonly unknown[]): Point {
  const { method, url = '', socket } = given as IncomingMessage;
  const response = answer as ServerResponse;
  const point = startPoint('wsgi', parent, { request: { ...target(url), method, scheme: schemeOf(socket) } });
  const stop = (): void => {
    const stopInfo = { response: { status_code: response.statusCode } };
    stopPoint(point, response.writableFinished ? stopInfo : { ...aborted, ...stopInfo });
  };
  watching(point, () => {
    // Of a request that waits behind another one on its connection, Node 20 and 22 close no response.
    bindEmitter(given as IncomingMessage, point.context, guard, (event) => event === 'aborted' && stop());
    bindEmitter(response, point.context, guard, (event) => event === 'close' && stop());
  });
  return point;
}

/**
 * A `CONNECT` or an upgrade is answered on the socket itself, which then belongs to another protocol, for
 * hours: the point is over with the answer.
 */
function startHandshake(parent: Context, guard: Guard, [, request, socket]: readonly unknown[]): Point {
  const { method, url = '' } = request as IncomingMessage;
  const scheme = schemeOf(socket as Socket);
  const point = startPoint('wsgi', parent, { request: { ...target(url), method, scheme } });
  watching(point, () =>
    watchHandshake(socket as Socket, guard, (status_code) =>
      stopPoint(point, status_code === undefined ? aborted : { response: { status_code } }),
    ),
  );
  return point;
}

/** HTTP/2: the compat API's request and response tell only what their stream tells. */
function startStream(parent: Context, guard: Guard, [, given, second]: readonly unknown[]): Point {
  const stream = given as Http2Stream;
  const headers = second as Headers;
  const point = startPoint('wsgi', parent, {
    request: {
      ...target(typeof headers[':path'] === 'string' ? headers[':path'] : ''),
      method: headers[':method'],
      scheme: headers[':scheme'],
    },
  });
  const stop = (): void => {
    const status_code = statusOf(stream.sentHeaders);
    stopPoint(point, {
      ...(stream.aborted === true && aborted),
      ...(status_code && { response: { status_code } }),
    });
  };
  watching(point, () =>
    bindEmitter(stream as never, point.context, guard, (event) => event === 'close' && stop()),
  );
  return point;
}

/** What is used of a stream of an HTTP/2 server; `node:http2` is not loaded for it. */
interface Http2Stream {
  readonly aborted?: boolean;
  readonly sentHeaders?: Headers;
}

const schemeOf = (socket: Socket): string =>
  (socket as { encrypted?: unknown }).encrypted === true ? 'https' : 'http';

/** Begins the trace that a request's headers ask for. */
function trigger(headers: Headers, settings: Settings): Context | undefined {
  if (headers[info] === undefined) return undefined;
  const signed = settings.verify(headers);
  if (signed === undefined) return undefined;
  return rootContext(beginTrace(signed.base_id, signed.hmac_key), signed.parent_id);
}

// A client has some thirty, and what stands between it and us adds some. Whoever sends thousands, to have us
// look through them, is not to be paid for it.
const mostHeaders = 250;

/**
 * The headers that carry a trace, if it is named, without `request.headers`: to build that, at its first use,
 * takes 50 µs of a request with a thousand headers. All three have names of one length.
 */
function traceHeadersIn(rawHeaders: readonly string[]): Headers | undefined {
  let found: Record<string, string | undefined> | undefined;
  const end = Math.min(rawHeaders.length, 2 * mostHeaders);
  for (let i = 0; i < end; i += 2) {
    const name = rawHeaders[i]!;
    // `x-t…`: to write a name in lower case takes memory, and `X-Request-Id` is as long.
    const isCandidate = name.length === info.length && (name.charCodeAt(2) | 32) === 116;
    if (!isCandidate) continue;
    const lower = name.toLowerCase();
    if (lower !== info && lower !== hmac && lower !== time) continue;
    found ??= { [info]: undefined, [hmac]: undefined, [time]: undefined };
    if (found[lower] === undefined) {
      found[lower] = rawHeaders[i + 1];
      continue;
    }
    // What is there twice is refused: as Node joins it, no signature fits.
    found[lower] = ',';
    if (lower === time) continue;
    // Nothing that follows can mend it.
    found[info] = ',';
    break;
  }
  return found?.[info] === undefined ? undefined : found;
}
