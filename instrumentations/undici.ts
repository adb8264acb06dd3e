// Records requests of the global `fetch` and of undici as `http` and `https` points. Node's own undici and the package
// publish on the same channels, so neither is patched or loaded. Two things are peculiar to this client: a channel's
// context is often another request's; and when it is known whom a request goes to, its headers are a text already.
// `undici-asker.ts` has who asked for a request, `undici-callbacks.ts` the methods that it calls back.
import type { Socket } from 'node:net';

import { onChannel } from '../src/hooks/channel.js';
import { type Guard, createGuard, guarded, stoppingOnError } from '../src/hooks/guard.js';
import type { AgentPort } from '../src/hooks/port.js';
import { replaceInNext } from '../src/hooks/targets/next-write.js';
import { isSuppressed } from '../src/hooks/targets/other-agents.js';
import { defaultPort, schemeOf, startRequest, withoutPoint } from '../src/hooks/targets/outgoing.js';
import { lineOf } from '../src/hooks/targets/peer.js';
import { headCarrying } from '../src/propagation/head.js';
import type { Sender } from '../src/propagation/recipients.js';
import { isGivingUp, isTimeout } from '../src/trace/cancelled.js';
import { caller as callerOf } from '../src/trace/context.js';
import { notice } from '../src/trace/notice.js';
import { createStamp } from '../src/trace/stamp.js';
import { leftOut, tracing } from '../src/trace/trace.js';
import { askedBy } from './undici-asker.js';
import { type Exchange, bind } from './undici-callbacks.js';

/** The request that undici's channels publish. */
interface UndiciRequest {
  readonly origin: unknown;
  readonly path: string;
  readonly method: string;
  /** All versions have it but those that publish something else. */
  readonly addHeader?: unknown;
}

/** Records the requests of all copies of undici. */
export function undici(agent: AgentPort): void {
  // Copies of undici and Node's own share the channels: what fails for one costs the others nothing.
  const guards = new WeakMap<object, Guard>();
  const guardOf = (prototype: object): Guard => {
    const guard = guards.get(prototype) ?? createGuard('a copy of undici');
    guards.set(prototype, guard);
    return guard;
  };
  // The channels' contexts are often another request's: the point is found by its request.
  const exchanges = createStamp<Exchange>();
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
      const exchange: Exchange | undefined = context && {
        sender: withoutPoint(context),
        outgoing: undefined,
        isGivenUp: false,
        guard,
      };
      if (exchange !== undefined) exchanges.put(request, exchange);
      bind(request, caller, exchange, agent);
      return;
    }
    const { method, path } = request;
    const { protocol, hostname, port } = new URL(String(request.origin));
    const scheme = schemeOf(protocol);
    const outgoing = startRequest(caller, {
      method,
      scheme,
      host: hostname,
      port: port === '' ? defaultPort(scheme) : Number(port),
      path,
    });
    const exchange: Exchange = { sender: outgoing, outgoing, isGivenUp: false, guard };
    exchanges.put(request, exchange);
    stoppingOnError(outgoing.point, () => bind(request, caller, exchange, agent));
  }
  // Node's own undici loads `http2` where nothing sees it. It is loaded now: what hooks it is told by this.
  onChannel<{ socket: { alpnProtocol?: unknown } }>('undici:client:connected', ({ socket }) => {
    if (tracing.live > 0 && socket.alpnProtocol === 'h2') process.getBuiltinModule('node:http2');
  });
  onChannel<Sending>('undici:client:sendHeaders', (sending) => {
    if (tracing.live === 0 || !isOverHttp1(sending)) return;
    agent.writing.request = undefined;
    const exchange = exchanges.of(sending.request);
    if (exchange !== undefined) guarded(exchange.guard, () => carry(sending, exchange.sender, agent));
  });
  onChannel<{ request: UndiciRequest; response: { statusCode: number } }>(
    'undici:request:headers',
    ({ request, response: { statusCode } }) => {
      // What comes before the answer: 100, 103.
      if (statusCode >= 200 || statusCode === 101) exchanges.of(request)?.outgoing?.answered(statusCode);
    },
  );
  onChannel<{ request: UndiciRequest }>('undici:request:trailers', ({ request }) =>
    exchanges.of(request)?.outgoing?.stop(),
  );
  onChannel<{ request: UndiciRequest; error: unknown }>('undici:request:error', ({ request, error }) => {
    agent.writing.request = undefined;
    const exchange = exchanges.of(request);
    if (exchange?.outgoing === undefined) return;
    if (isCancelled(exchange, error)) exchange.outgoing.cancelled();
    else exchange.outgoing.failed(error);
    exchange.outgoing.stop();
  });
}

/**
 * Whether a request ended because the application wanted no more of it, by whatever reason it gave. A `fetch` whose time
 * is up before it is connected counts as such too: undici keeps the reason to itself until then, and tells channels and
 * handlers of the same `AbortError` for a timeout, a wish and an error of the application's.
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
function carry({ request, socket, headers }: Sending, sender: Sender, agent: AgentPort): void {
  const { method, path } = request;
  const { protocol, hostname } = new URL(String(request.origin));
  const line = lineOf(socket, schemeOf(protocol), agent);
  const head = headCarrying(agent, sender, headers, { ...line, method, path, host: hostname });
  if (head !== undefined) replaceInNext(socket, headers, head);
}
