// Records the incoming requests of `http`, `https` and `http2` servers: where each kind begins, and how it ends.
//
// The price of a request: without a trigger 27 to 42 ns, for a look through the names of its headers, and 56 bytes
// for the message of Node's channel; 35 to 75 ns and 16 bytes to know since when the loop is busy (`busy.ts`). A
// refused header takes 4.0 to 5.3 µs at most. The point of a traced request takes 3.9 to 5.9 µs
// (benchmarks/RESULTS.md). Three things keep the price low. `rawHeaders` are read, because building `request.headers`
// takes 50 µs for a thousand headers. A name is put into lower case only if its length and third character fit.
// Closures are made only for a traced request.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Server, Socket } from 'node:net';

import { onChannel } from '../src/hooks/channel.js';
import { bindEmitter } from '../src/hooks/emitter.js';
import { type Guard, createGuard, guarded, stoppingOnError } from '../src/hooks/guard.js';
import { patch } from '../src/hooks/patch.js';
import type { AgentPort } from '../src/hooks/port.js';
import { callHandlers } from '../src/hooks/targets/handler-runs.js';
import { statusOf } from '../src/hooks/targets/http.js';
import {
  isHeadSent,
  startIncoming,
  statusIn,
  watchHandshake,
  stopIncoming,
} from '../src/hooks/targets/incoming.js';
import { noteRequest } from '../src/trace/busy.js';
import { type Context, enter, requestDefault, runIn, tracedBy } from '../src/trace/context.js';
import { hmacName, infoName, timeName } from '../src/trace/headers.js';
import type { Point } from '../src/trace/point.js';
import { release, tracing } from '../src/trace/trace.js';

type Headers = Readonly<Record<string, unknown>>;

/**
 * Records incoming requests of `http`, `https` and `http2` servers as `wsgi` points, which is OSProfiler's name for
 * them.
 *
 * A channel serves HTTP/1 without a patch and without loading `https`. It tells nothing of `CONNECT` and upgrades.
 * HTTP/2 has no channel before Node 22, and later none that calls the handler. These requests are therefore seen
 * where all servers emit their events.
 */
export function httpServer(agent: AgentPort): void {
  const guard = createGuard('http server');
  onChannel<{ request: IncomingMessage; response: ServerResponse }>(
    'http.server.request.start',
    ({ request, response }) => {
      if (guard.off) return;
      const headers = traceHeadersIn(request.rawHeaders);
      noteRequest(request.socket, headers !== undefined || tracing.live > 0);
      const root = headers && trigger(headers, agent);
      if (root !== undefined) {
        try {
          serve(request, response, root, guard);
        } finally {
          release(root.trace);
        }
      } else if (tracing.live > 0) {
        // The connection may have been used by a traced request, or the server started within one.
        const context = requestDefault();
        if (context === undefined) enter(undefined);
        else serve(request, response, context, guard);
      }
    },
  );

  const { prototype } = (require('node:net') as typeof import('node:net')).Server;
  const inherited = Object.getPrototypeOf(prototype) as { readonly emit: Emit };
  const isInherited = !Object.hasOwn(prototype, 'emit');
  patch(prototype as Server & { emit: unknown }, 'emit', (original) => {
    return function (this: unknown, event: unknown) {
      const args = arguments as unknown as unknown[];
      // The inherited `emit` is looked up at each call: `node:domain` replaces it when it is loaded.
      const next = isInherited ? inherited.emit : original;
      if (event === 'request' && tracing.live > 0 && !guard.off) {
        return callHandlers(next, this, args, guard);
      }
      const begin = guard.off ? undefined : starts[event as string];
      return begin === undefined ? Reflect.apply(next, this, args) : emitBegun(begin, next, this, args);
    };
  });

  // This is a function of its own, because the variables that its closures use are allocated at each call.
  function emitBegun(begin: Start, next: Emit, self: unknown, args: unknown[]): unknown {
    const headers = headersOf(args);
    const isTraced = headers !== undefined && (tracing.live > 0 || headers[infoName] !== undefined);
    if (headers !== undefined) noteRequest(connectionOf(args[1]), isTraced);
    if (!isTraced) return Reflect.apply(next, self, args);
    // Such a call has its point where it is served.
    if (agent.rpcServers.has(self as object)) return runIn(requestDefault(), next, self, args);
    const context = guarded(guard, () => contextOf(begin, headers, args));
    return runIn(context, next, self, args);
  }

  // A request may be passed on to another server's listeners by the same event.
  const begun = new WeakMap<object, Context | undefined>();

  function contextOf(begin: Start, headers: Headers, args: readonly unknown[]): Context | undefined {
    const request = args[1] as object;
    if (begun.has(request)) return begun.get(request);
    const root = trigger(headers, agent);
    const parent = root ?? requestDefault();
    try {
      const context = parent && begin(parent, guard, args).context;
      begun.set(request, context);
      return context;
    } finally {
      if (root !== undefined) release(root.trace);
    }
  }
}

type Emit = (this: unknown, ...args: unknown[]) => unknown;

/** Starts the point of a server's event. */
type Start = (parent: Context, guard: Guard, args: readonly unknown[]) => Point;

/** The events of servers that are requests of which no channel tells. */
const starts: Readonly<Record<string, Start>> = Object.assign(Object.create(null) as object, {
  stream: startStream,
  upgrade: startHandshake,
  connect: startHandshake,
});

/**
 * The headers of such an event: the second argument of HTTP/2's `stream`, or those of the request that the other
 * events have first. Undefined for events of the same names by servers of other protocols.
 */
function headersOf([event, first, second]: readonly unknown[]): Headers | undefined {
  if (!isObject(first) || !isObject(second)) return undefined;
  if (event === 'stream') return ':method' in second ? second : undefined;
  const { headers } = first as { headers?: unknown };
  return isObject(headers) && 'method' in first && 'write' in second ? headers : undefined;
}

const isObject = (value: unknown): value is Headers => typeof value === 'object' && value !== null;

/** The connection of a request, or the session of a stream. */
function connectionOf(request: unknown): unknown {
  const { socket, session } = request as { readonly socket?: unknown; readonly session?: unknown };
  return session ?? socket;
}

function serve(request: IncomingMessage, response: ServerResponse, parent: Context, guard: Guard): void {
  const { method, url = '', socket } = request;
  const point = startIncoming(parent, url, method, schemeOf(socket));
  enter(point.context);
  // Requests on a connection may wait for each other. A response gets the socket when the earlier requests are
  // answered.
  let sentBefore: number | undefined = Infinity;
  let isHandedOver = false;
  let isComplete = false;
  const stop = (): void => {
    const isSent = isComplete || isHeadSent(response, socket, sentBefore);
    stopIncoming(point, isSent ? statusIn(response) : undefined, isComplete, request);
  };
  stoppingOnError(point, () => {
    // Node 20 and 22 do not close the response of a request that waits behind another one on its connection.
    bindEmitter(request, point.context, guard, (event) => event === 'aborted' && stop());
    bindEmitter(response, point.context, guard, (event) => {
      if (event === 'socket') sentBefore = socket.bytesWritten;
      else if (event === 'prefinish') isHandedOver = socket.writableLength === 0;
      // Node 20 and 22 emit this event also for data that a broken connection has not sent.
      else if (event === 'finish') isComplete = isHandedOver || !socket.destroyed;
      else if (event === 'close') stop();
    });
  });
}

/**
 * A `CONNECT` or an upgrade is answered on the socket itself, which then belongs to another protocol, for hours. The
 * point therefore stops with the answer.
 */
function startHandshake(parent: Context, guard: Guard, [, request, socket]: readonly unknown[]): Point {
  const { method, url = '' } = request as IncomingMessage;
  const point = startIncoming(parent, url, method, schemeOf(socket as Socket));
  stoppingOnError(point, () =>
    watchHandshake(socket as Socket, guard, (status) => stopIncoming(point, status, status !== undefined)),
  );
  return point;
}

/** In HTTP/2, the request and the response of the compatibility API tell only what their stream tells. */
function startStream(parent: Context, guard: Guard, [, given, second]: readonly unknown[]): Point {
  const stream = given as Http2Stream;
  const headers = second as Headers;
  const path = typeof headers[':path'] === 'string' ? headers[':path'] : '';
  const point = startIncoming(parent, path, headers[':method'], headers[':scheme']);
  stoppingOnError(point, () =>
    bindEmitter(stream as never, point.context, guard, (event) => {
      if (event === 'close') stopIncoming(point, statusOf(stream.sentHeaders), !isBroken(stream), stream);
    }),
  );
  return point;
}

/**
 * Whether a stream was closed before its whole answer was sent. Node tells that only if the answer was not completely
 * written. Nothing tells that a client gave up a completely written answer without an error code.
 */
function isBroken({ aborted: isAborted, rstCode = 0, writableFinished }: Http2Stream): boolean {
  return isAborted === true || (rstCode !== 0 && writableFinished === false);
}

/** The used properties of a stream of an HTTP/2 server; `node:http2` is not loaded for them. */
interface Http2Stream {
  readonly aborted?: boolean;
  readonly rstCode?: number;
  readonly writableFinished?: boolean;
  readonly sentHeaders?: Headers;
}

const schemeOf = (socket: Socket): string =>
  (socket as { encrypted?: unknown }).encrypted === true ? 'https' : 'http';

/** Begins the trace that a request's headers ask for. */
function trigger(headers: Headers, agent: AgentPort): Context | undefined {
  if (headers[infoName] === undefined) return undefined;
  const signed = agent.verify(headers);
  return signed && tracedBy(signed);
}

// A client sends some thirty headers, and proxies add a few. A sender of thousands must not be able to make us look
// through all of them.
const mostHeaders = 250;

/**
 * The headers that carry a trace, if the one that names it is there. `request.headers` is not used, because building
 * it at its first use takes 50 µs of a request with a thousand headers. All three names have the same length.
 */
function traceHeadersIn(rawHeaders: readonly string[]): Headers | undefined {
  let found: Record<string, string | undefined> | undefined;
  const end = Math.min(rawHeaders.length, 2 * mostHeaders);
  for (let i = 0; i < end; i += 2) {
    const name = rawHeaders[i]!;
    // `x-t…`: putting a name into lower case takes memory, and `X-Request-Id` has the same length.
    const isCandidate = name.length === infoName.length && (name.charCodeAt(2) | 32) === 116;
    if (!isCandidate) continue;
    const lower = name.toLowerCase();
    if (lower !== infoName && lower !== hmacName && lower !== timeName) continue;
    found ??= { [infoName]: undefined, [hmacName]: undefined, [timeName]: undefined };
    if (found[lower] === undefined) {
      found[lower] = rawHeaders[i + 1];
      continue;
    }
    // A header that comes twice is refused: no signature fits the value that Node would make by joining.
    found[lower] = ',';
    if (lower === timeName) continue;
    // No later header can change that.
    found[infoName] = ',';
    break;
  }
  return found?.[infoName] === undefined ? undefined : found;
}
