// Records requests of the global `fetch` and of undici as `http` and `https` points. Node's own undici and the
// package publish on the same channels, so neither is patched or loaded. Two things are peculiar to this client. A
// channel's context is often another request's. And the headers are a text already when it becomes known where a
// request goes. `undici-asker.ts` finds out who asked for a request, `undici-callbacks.ts` binds the methods that it
// calls back.
import type { Socket } from 'node:net';

import { onChannel } from '../src/hooks/channel.js';
import { type Guard, createGuard, guarded, stoppingOnError } from '../src/hooks/guard.js';
import type { AgentPort } from '../src/hooks/port.js';
import { Awaited, moment } from '../src/hooks/targets/connecting.js';
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
  /** Every version has it, except those that publish something else. */
  readonly addHeader?: unknown;
}

/** Records the requests of all copies of undici. */
export function undici(agent: AgentPort): void {
  // Copies of undici and Node's own share the channels. A failure for one copy must not affect the others.
  const guards = new WeakMap<object, Guard>();
  const guardOf = (prototype: object): Guard => {
    const guard = guards.get(prototype) ?? createGuard('a copy of undici');
    guards.set(prototype, guard);
    return guard;
  };
  // The context of a channel is often another request's, so the point is found by its request.
  const exchanges = createStamp<Exchange>();
  onChannel<{ request: UndiciRequest }>('undici:request:create', ({ request }) => {
    if (tracing.live === 0) return;
    const guard = guardOf(Object.getPrototypeOf(request) as object);
    guarded(guard, () => begin(request, guard));
  });

  function begin(request: UndiciRequest, guard: Guard): void {
    // Version 6.11.0, for example, publishes something else in the place of its requests.
    if (typeof request.addHeader !== 'function') {
      // If such a copy is loaded first, Node's `fetch` goes through it too. Each of its requests is counted.
      notice(
        "a copy of undici is not traced, and neither is Node's own fetch if it uses that copy: its version does not let the agent add headers; install another version",
      );
      if (!isSuppressed() && callerOf() !== undefined) leftOut.unknown++;
      return;
    }
    const { caller, context } = askedBy(request);
    if (caller === undefined) {
      const exchange: Exchange | undefined = context && {
        sender: withoutPoint(context),
        outgoing: undefined,
        made: undefined,
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
    const exchange: Exchange = { sender: outgoing, outgoing, made: moment(), isGivenUp: false, guard };
    exchanges.put(request, exchange);
    stoppingOnError(outgoing.point, () => bind(request, caller, exchange, agent));
  }
  // Node's own undici loads `http2` unseen. Asking for it here tells the hook of `http2` that it is loaded.
  onChannel<{ socket: { alpnProtocol?: unknown } }>('undici:client:connected', ({ socket }) => {
    if (tracing.live > 0 && socket.alpnProtocol === 'h2') process.getBuiltinModule('node:http2');
  });
  onChannel<Sending>('undici:client:sendHeaders', (sending) => {
    if (tracing.live === 0 || !isOverHttp1(sending)) return;
    agent.writing.request = undefined;
    const exchange = exchanges.of(sending.request);
    if (exchange === undefined) return;
    guarded(exchange.guard, () => {
      const { outgoing, made, sender } = exchange;
      if (outgoing !== undefined && made !== undefined) outgoing.awaited = Awaited.turn(made, sending.socket);
      carry(sending, sender, agent);
    });
  });
  onChannel<{ request: UndiciRequest; response: { statusCode: number } }>(
    'undici:request:headers',
    ({ request, response: { statusCode } }) => {
      // Interim answers come before the answer: 100, 103.
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
 * Whether a request ended because the application no longer wanted it, for whatever reason it gave. A `fetch` that
 * times out before it is connected counts as cancelled too. Until then undici keeps the reason to itself: channels
 * and handlers get the same `AbortError` for a timeout, a wish and an error of the application.
 */
function isCancelled({ isGivenUp }: Exchange, error: unknown): boolean {
  const { code } = Object(error) as { code?: unknown };
  if (isGivingUp(error) || code === 'UND_ERR_ABORTED' || code === 'UND_ERR_DESTROYED') return true;
  // Undici itself also gives requests up, with errors of its own: for a retry, or at a limit.
  return isGivenUp && !isTimeout(error) && !String(code).startsWith('UND_ERR_');
}

/** A request that is about to be written to a socket. */
interface Sending {
  readonly request: UndiciRequest;
  readonly socket: Socket;
  /** Its whole head, except for the length of its body. */
  readonly headers: string;
}

/** Over HTTP/2 the headers are only a list, and the socket is the session's. */
const isOverHttp1 = ({ request: { method, path }, headers }: Sending): boolean =>
  headers.startsWith(`${method} ${path} HTTP/1.`);

/**
 * Puts the trace headers into the next text that is written to the socket: only now is it known where the request
 * goes. The origin does not tell, because there may be a proxy, and undici has already made a text of the headers.
 */
function carry({ request, socket, headers }: Sending, sender: Sender, agent: AgentPort): void {
  const { method, path } = request;
  const { protocol, hostname } = new URL(String(request.origin));
  const line = lineOf(socket, schemeOf(protocol), agent);
  const head = headCarrying(agent, sender, headers, { ...line, method, path, host: hostname });
  if (head !== undefined) replaceInNext(socket, headers, head);
}
