// Records the incoming requests of `http`, `https` and `http2` servers: where each kind begins, and how it ends.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Server, Socket } from 'node:net';

import { onChannel } from '../src/hooks/channel.js';
import { bindEmitter } from '../src/hooks/emitter.js';
import { type Guard, createGuard, guarded, stoppingOnError } from '../src/hooks/guard.js';
import { patch } from '../src/hooks/patch.js';
import type { AgentPort } from '../src/hooks/port.js';
import { statusOf } from '../src/hooks/targets/http.js';
import {
  isHeadSent,
  startIncoming,
  statusIn,
  watchHandshake,
  stopIncoming,
} from '../src/hooks/targets/incoming.js';
import { type Context, enter, requestDefault, runIn, tracedBy } from '../src/trace/context.js';
import { hmacName, infoName, timeName } from '../src/trace/headers.js';
import type { Point } from '../src/trace/point.js';
import { release, tracing } from '../src/trace/trace.js';

type Headers = Readonly<Record<string, unknown>>;

/**
 * Incoming requests of `http`, `https` and `http2` servers: `wsgi` points, OSProfiler's name for them.
 *
 * The channel serves HTTP/1 without a patch and without loading `https`, and costs an untriggered request a
 * look through the names of its headers. It tells nothing of `CONNECT` and upgrades, and HTTP/2 has none
 * before Node 22, nor one that calls the handler: these are seen where all servers emit their events.
 */
export function httpServer(agent: AgentPort): void {
  const guard = createGuard('http server');
  onChannel<{ request: IncomingMessage; response: ServerResponse }>(
    'http.server.request.start',
    ({ request, response }) => {
      if (guard.off) return;
      const headers = traceHeadersIn(request.rawHeaders);
      const root = headers && trigger(headers, agent);
      if (root !== undefined) {
        try {
          serve(request, response, root, guard);
        } finally {
          release(root.trace);
        }
      } else if (tracing.live > 0) {
        // The connection may have been used by a traced request, or its server been started within one.
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
      // Looked up at each call: `node:domain` puts another one there when it is loaded.
      const next = isInherited ? inherited.emit : original;
      const begin = guard.off ? undefined : starts[event as string];
      return begin === undefined ? Reflect.apply(next, this, args) : emitBegun(begin, next, this, args);
    };
  });

  // A function of its own: what it has closures over is made at each call.
  function emitBegun(begin: Start, next: Emit, self: unknown, args: unknown[]): unknown {
    const headers = headersOf(args);
    const isTraced = headers !== undefined && (tracing.live > 0 || headers[infoName] !== undefined);
    if (!isTraced) return Reflect.apply(next, self, args);
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

/** The events of servers that are requests and that no channel tells of. */
const starts: Readonly<Record<string, Start>> = Object.assign(Object.create(null) as object, {
  stream: startStream,
  upgrade: startHandshake,
  connect: startHandshake,
});

/**
 * The headers of such an event: HTTP/2's `stream` has them second, the others have a request first. Undefined
 * for events of these names that servers of other protocols have.
 */
function headersOf([event, first, second]: readonly unknown[]): Headers | undefined {
  if (!isObject(first) || !isObject(second)) return undefined;
  if (event === 'stream') return ':method' in second ? second : undefined;
  const { headers } = first as { headers?: unknown };
  return isObject(headers) && 'method' in first && 'write' in second ? headers : undefined;
}

const isObject = (value: unknown): value is Headers => typeof value === 'object' && value !== null;

function serve(request: IncomingMessage, response: ServerResponse, parent: Context, guard: Guard): void {
  const { method, url = '', socket } = request;
  const point = startIncoming(parent, url, method, schemeOf(socket));
  enter(point.context);
  // Requests may wait on a connection: the response gets it when those before are answered.
  let sentBefore: number | undefined = Infinity;
  let isHandedOver = false;
  let isComplete = false;
  const stop = (): void => {
    const isSent = isComplete || isHeadSent(response, socket, sentBefore);
    stopIncoming(point, isSent ? statusIn(response) : undefined, isComplete);
  };
  stoppingOnError(point, () => {
    // Of a request that waits behind another one on its connection, Node 20 and 22 close no response.
    bindEmitter(request, point.context, guard, (event) => event === 'aborted' && stop());
    bindEmitter(response, point.context, guard, (event) => {
      if (event === 'socket') sentBefore = socket.bytesWritten;
      else if (event === 'prefinish') isHandedOver = socket.writableLength === 0;
      // Node 20 and 22 also tell so of what a connection that broke has not sent.
      else if (event === 'finish') isComplete = isHandedOver || !socket.destroyed;
      else if (event === 'close') stop();
    });
  });
}

/**
 * A `CONNECT` or an upgrade is answered on the socket itself, which then belongs to another protocol, for
 * hours: the point is over with the answer.
 */
function startHandshake(parent: Context, guard: Guard, [, request, socket]: readonly unknown[]): Point {
  const { method, url = '' } = request as IncomingMessage;
  const point = startIncoming(parent, url, method, schemeOf(socket as Socket));
  stoppingOnError(point, () =>
    watchHandshake(socket as Socket, guard, (status) => stopIncoming(point, status, status !== undefined)),
  );
  return point;
}

/** HTTP/2: the compat API's request and response tell only what their stream tells. */
function startStream(parent: Context, guard: Guard, [, given, second]: readonly unknown[]): Point {
  const stream = given as Http2Stream;
  const headers = second as Headers;
  const path = typeof headers[':path'] === 'string' ? headers[':path'] : '';
  const point = startIncoming(parent, path, headers[':method'], headers[':scheme']);
  stoppingOnError(point, () =>
    bindEmitter(stream as never, point.context, guard, (event) => {
      if (event === 'close') stopIncoming(point, statusOf(stream.sentHeaders), !isBroken(stream));
    }),
  );
  return point;
}

/**
 * Whether a stream was closed before all of its answer was sent. Node says so only where the answer was not all
 * written; nothing tells of a client that gave up a written one with no error's code.
 */
function isBroken({ aborted: isAborted, rstCode = 0, writableFinished }: Http2Stream): boolean {
  return isAborted === true || (rstCode !== 0 && writableFinished === false);
}

/** What is used of a stream of an HTTP/2 server; `node:http2` is not loaded for it. */
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
    const isCandidate = name.length === infoName.length && (name.charCodeAt(2) | 32) === 116;
    if (!isCandidate) continue;
    const lower = name.toLowerCase();
    if (lower !== infoName && lower !== hmacName && lower !== timeName) continue;
    found ??= { [infoName]: undefined, [hmacName]: undefined, [timeName]: undefined };
    if (found[lower] === undefined) {
      found[lower] = rawHeaders[i + 1];
      continue;
    }
    // What is there twice is refused: as Node joins it, no signature fits.
    found[lower] = ',';
    if (lower === timeName) continue;
    // Nothing that follows can mend it.
    found[infoName] = ',';
    break;
  }
  return found?.[infoName] === undefined ? undefined : found;
}
