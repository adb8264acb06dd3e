import { AsyncResource } from 'node:async_hooks';
import type { Socket } from 'node:net';

import type { Callback } from '../src/hooks/calls/call.js';
import { type CallSite, callSites } from '../src/hooks/calls/call-sites.js';
import { cancelled, isGivingUp, isTimeout } from '../src/trace/cancelled.js';
import { onChannel } from '../src/hooks/channel.js';
import { type Guard, createGuard, guarded, watching } from '../src/hooks/guard.js';
import { valuesIn, withTraceHeaders } from '../src/propagation/head.js';
import { answered, defaultPort } from '../src/hooks/targets/http.js';
import { isSuppressed } from '../src/hooks/targets/other-agents.js';
import { lookalike } from '../src/hooks/patch.js';
import { lineOf } from '../src/hooks/targets/peer.js';
import { type Sender, carried } from '../src/propagation/recipients.js';
import type { AgentPort } from '../src/hooks/port.js';
import { target } from '../src/redaction/url.js';
import { type Context, caller as callerOf, nobody, place, runIn } from '../src/trace/context.js';
import { leftOut, tracing } from '../src/trace/trace.js';
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
  /** Those that it was given: a text or a list, by version. */
  readonly headers?: unknown;
  /** All versions have it but those that publish something else. */
  readonly addHeader?: unknown;
}

/**
 * Requests of the global `fetch` and of undici: `http` and `https` points. Node's own undici and the package
 * publish on the same channels, so neither is patched or loaded.
 */
export function undici(agent: AgentPort): void {
  // Copies of undici and Node's own share the channels: what fails for one costs the others nothing.
  const guards = new WeakMap<object, Guard>();
  const guardOf = (prototype: object): Guard => {
    const guard = guards.get(prototype) ?? createGuard('a copy of undici');
    guards.set(prototype, guard);
    return guard;
  };
  // The channels' contexts are often another request's: the point is found by its request.
  const open = createStamp<Exchange>();
  // Requests without a point that pass trace headers on.
  const passing = createStamp<Sender>();
  onChannel<{ request: UndiciRequest }>('undici:request:create', ({ request }) => {
    if (tracing.live === 0) return;
    const guard = guardOf(Object.getPrototypeOf(request) as object);
    guarded(guard, () => begin(request, guard));
  });

  function begin(request: UndiciRequest, guard: Guard): void {
    // As in 6.11.0, which publishes something else in the place of its requests.
    if (typeof request.addHeader !== 'function') {
      // Where it is loaded first, Node's `fetch` goes through it too: each of those is counted.
      notice(
        "a copy of undici is not traced, nor is Node's own fetch where that goes through it: what it publishes takes no headers; another version does",
      );
      if (!isSuppressed() && callerOf() !== undefined) leftOut.unknown++;
      return;
    }
    const { caller, context } = askedBy(request);
    if (caller === undefined) {
      const sender = context && { context, isPoint: false };
      if (sender !== undefined) passing.put(request, sender);
      bind(request, { caller, sender }, agent, guard);
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
    const exchange: Exchange = { point, info: {}, isGivenUp: false, guard };
    open.put(request, exchange);
    watching(point, () => {
      bind(request, { caller, sender: senderOf(point) }, agent, guard, exchange);
    });
  }
  // Node's own undici loads `http2` where nothing sees it. It is loaded now: what hooks it is told by this.
  onChannel<{ socket: { alpnProtocol?: unknown } }>('undici:client:connected', ({ socket }) => {
    if (tracing.live > 0 && socket.alpnProtocol === 'h2') process.getBuiltinModule('node:http2');
  });
  onChannel<Sending>('undici:client:sendHeaders', (sending) => {
    if (tracing.live === 0 || !isOverHttp1(sending)) return;
    agent.writing.request = undefined;
    const { request } = sending;
    const state = open.of(request);
    const sender = state === undefined ? passing.of(request) : senderOf(state.point);
    if (sender === undefined) return;
    const guard = state?.guard ?? guardOf(Object.getPrototypeOf(request) as object);
    guarded(guard, () => carry(sending, sender, agent));
  });
  onChannel<{ request: UndiciRequest; response: { statusCode: number } }>(
    'undici:request:headers',
    ({ request, response }) => {
      const state = open.of(request);
      if (state === undefined) return;
      const { statusCode } = response;
      // What comes before the answer: 100, 103.
      if (statusCode >= 200 || statusCode === 101) state.info = answered(statusCode, state.point);
    },
  );
  onChannel<{ request: UndiciRequest }>('undici:request:trailers', ({ request }) => {
    const state = open.of(request);
    if (state !== undefined) stopPoint(state.point, state.info);
  });
  onChannel<{ request: UndiciRequest; error: unknown }>('undici:request:error', ({ request, error }) => {
    agent.writing.request = undefined;
    const state = open.of(request);
    if (state === undefined) return;
    stopPoint(state.point, { ...(isCancelled(state, error) ? cancelled : failure(error)), ...state.info });
  });
}

const senderOf = ({ context }: Point): Sender => ({ context, isPoint: true });

/** A request on its way. */
interface Exchange {
  readonly point: Point;
  /** What is known of the answer. */
  info: Info;
  /** Whoever asked has asked for the end of it. */
  isGivenUp: boolean;
  /** Of its copy of undici. */
  readonly guard: Guard;
}

/**
 * Whether a request ended because the application wanted no more of it, by whatever reason it gave. Where the time of
 * a `fetch` is up before it is connected, undici says the same.
 */
function isCancelled({ isGivenUp }: Exchange, error: unknown): boolean {
  const { code } = Object(error) as { code?: unknown };
  if (isGivingUp(error) || code === 'UND_ERR_ABORTED' || code === 'UND_ERR_DESTROYED') return true;
  // Undici's own reasons to ask for it are errors of its own: a retry, a limit.
  return isGivenUp && !isTimeout(error) && !String(code).startsWith('UND_ERR_');
}

/** A request that is about to be written to a socket. */
interface Sending {
  readonly request: UndiciRequest;
  readonly socket: Socket;
  /** All of its head but the length of its body. */
  readonly headers: string;
}

/** Over HTTP/2 the headers are only listed, and the socket is its session's. */
const isOverHttp1 = ({ request: { method, path }, headers }: Sending): boolean =>
  headers.startsWith(`${method} ${path} HTTP/1.`);

/**
 * Puts the trace headers into what is written next: only now is it known whom the request goes to. An origin does not
 * tell that, as there may be a proxy before it, and undici has made a text of the headers.
 */
function carry({ request, socket, headers: head }: Sending, sender: Sender, agent: AgentPort): void {
  const { method, path } = request;
  const { protocol, hostname } = new URL(String(request.origin));
  const headers = carried(
    agent,
    sender,
    { infos: valuesIn(head, info), authorization: valuesIn(head, 'authorization') },
    {
      ...lineOf(socket, protocol === 'https:' ? 'https' : 'http', agent),
      method,
      path,
      host: hostname,
      authorities: valuesIn(head, 'host'),
    },
    () => agent.headersFor(sender.context),
  );
  if (headers !== undefined) replaceInNext(socket, head, withTraceHeaders(head, headers));
}

const info = infoHeader.toLowerCase();

/** What the next text that is written to a socket begins with, and is to begin with. */
const next = createStamp<{ readonly beginning: string; readonly other: string } | undefined>();

/** Has the next text begin otherwise. Where a body is read first, it is written later. */
function replaceInNext(socket: Socket, beginning: string, other: string): void {
  const isAwaited = next.of(socket) !== undefined;
  next.put(socket, { beginning, other });
  if (isAwaited) return;
  const replaced = Object.getOwnPropertyDescriptor(socket, 'write');
  const { write } = socket as { write: Callback };
  const own = lookalike(write, (self, args) => {
    const its = next.of(socket);
    next.put(socket, undefined);
    if (socket.write === own) {
      if (replaced === undefined) Reflect.deleteProperty(socket, 'write');
      else Object.defineProperty(socket, 'write', replaced);
    }
    const [text] = args;
    if (its !== undefined && typeof text === 'string' && text.startsWith(its.beginning)) {
      args[0] = its.other + text.slice(its.beginning.length);
    }
    return Reflect.apply(write, self, args);
  });
  Object.defineProperty(socket, 'write', { value: own, configurable: true, writable: true });
}

/**
 * Makes what a request calls back run where its caller is: a handler's methods, the listeners of a body, the
 * stream that a body is written to. All of it comes through the request's own methods, whose names differ by
 * version, from a socket that another request may have opened.
 *
 * @param exchange is told when the connection is taken out of HTTP, of which older versions publish nothing, and
 *   when the request is given up: by the function that its handler is given for that
 */
function bind(
  request: UndiciRequest,
  { caller, sender }: { caller: Context | undefined; sender: Sender | undefined },
  agent: AgentPort,
  guard: Guard,
  exchange?: Exchange,
): void {
  const methods = request as unknown as Record<string, unknown>;
  let isWithin = false;
  // What a handler throws while it is called is undici's reason to call it, and no wish of the application's.
  const watched = (abort: Callback): Callback =>
    function (this: unknown, ...args: unknown[]) {
      if (exchange !== undefined && !isWithin) exchange.isGivenUp = true;
      return Reflect.apply(abort, this, args);
    };
  for (const name of methodsOf(Object.getPrototypeOf(request) as object)) {
    const original = methods[name] as Callback;
    const isSwitch = name === 'onUpgrade' || name === 'onRequestUpgrade';
    const isStart = name === 'onConnect' || name === 'onRequestStart';
    const value = function (this: unknown, ...args: unknown[]): unknown {
      if (exchange !== undefined) {
        const [first] = args;
        if (isSwitch) guarded(guard, () => stopPoint(exchange.point, answered(first, exchange.point)));
        if (isStart && typeof first === 'function') args[0] = watched(first as Callback);
      }
      const wasWithin = isWithin;
      isWithin = !isStart;
      try {
        const result = runIn(caller, original, this, args);
        // Undici writes it in the same turn, to a socket or to an HTTP/2 session.
        if (isStart) agent.writing.request = { sender };
        return result;
      } finally {
        isWithin = wasWithin;
      }
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
function askedBy(request: UndiciRequest): Asker {
  const symbol = Object.getOwnPropertySymbols(request).find(({ description }) => description === 'handler');
  const handler = symbol && (request as unknown as Record<symbol, unknown>)[symbol];
  // Those of `request`, `stream` and their like remember their callers, those of `fetch` and of interceptors
  // do not. A `CONNECT` may be a proxy's, asked for by nobody but undici itself.
  const isRemembered = handler instanceof AsyncResource && request.method !== 'CONNECT';
  if (isRemembered) return handler.runInAsyncScope(whoIsHere, null, request);
  const here = whoIsHere(request);
  const isOurs = here.caller !== undefined;
  // Stacks are dear: for what carries nothing it does not matter who asked.
  if (isOurs || passesOn(request)) {
    if (isSuppressed() || !isBelated(frames())) return here;
    if (isOurs) leftOut.unknown++;
    return { caller: undefined, context: nobody() };
  }
  return here;
}

interface Asker {
  /** Undefined where the request is to be no point. */
  readonly caller: Context | undefined;
  /** Where it is, where it passes trace headers on without a point; undefined where they are not ours to look at. */
  readonly context: Context | undefined;
}

function whoIsHere(request: UndiciRequest): Asker {
  if (isSuppressed()) return { caller: undefined, context: undefined };
  const caller = callerOf();
  return { caller, context: caller ?? (passesOn(request) ? place() : undefined) };
}

/** Whether a request was given trace headers. */
const passesOn = ({ headers }: UndiciRequest): boolean => String(headers).toLowerCase().includes(info);

/** Below whoever publishes on the channel; none where the stack can't be read. */
function frames(): readonly CallSite[] {
  const all = callSites(maxFrames);
  if (all.length === 0) {
    notice("requests of fetch and undici are not traced: who makes them can't be told without stacks");
  }
  return all
    .slice(all.findIndex(({ file }) => file === 'node:diagnostics_channel'))
    .filter(({ file }) => file !== 'node:diagnostics_channel');
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
function isBelated([publisher, ...below]: readonly CallSite[]): boolean {
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
