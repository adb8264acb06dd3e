// Records the outgoing requests of `http` and `https` as points of these names. Two things are peculiar to this
// client. No event tells who ended an exchange, so the state of its socket has to tell. And only the `Host` header
// shows the port. `http-headers.ts` makes a request carry the trace on.
import type { ClientRequest, IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';

import { bindEmitter } from '../src/hooks/emitter.js';
import { type Guard, createGuard, stoppingOnError } from '../src/hooks/guard.js';
import type { AgentPort } from '../src/hooks/port.js';
import { onClientRequest } from '../src/hooks/targets/client-requests.js';
import { Awaited } from '../src/hooks/targets/connecting.js';
import { isOtherAgents } from '../src/hooks/targets/other-agents.js';
import {
  type OutgoingRequest,
  type Scheme,
  defaultPort,
  schemeOf,
  startRequest,
  withoutPoint,
} from '../src/hooks/targets/outgoing.js';
import { elapsed } from '../src/trace/clock.js';
import { type Context, caller as callerOf, place } from '../src/trace/context.js';
import { carry } from './http-headers.js';

/** Records the outgoing requests of `http` and `https`. */
export function httpClient(agent: AgentPort): void {
  const guard = createGuard('http client');
  onClientRequest(guard, (request) => send(request, agent, guard));
}

function send(request: ClientRequest, agent: AgentPort, guard: Guard): void {
  if (isOtherAgents(request, agent.environment)) return;
  const caller = callerOf();
  if (caller === undefined) {
    const context = place();
    if (context !== undefined) carry(request, withoutPoint(context), context, agent, guard);
    return;
  }
  const { method, protocol, host, path } = request;
  const scheme = schemeOf(protocol);
  const outgoing = startRequest(caller, { method, scheme, host, port: portOf(request, scheme), path });
  stoppingOnError(outgoing.point, () => {
    carry(request, outgoing, caller, agent, guard);
    watch(request, outgoing, caller, guard);
  });
}

function watch(request: ClientRequest, outgoing: OutgoingRequest, caller: Context, guard: Guard): void {
  let response: IncomingMessage | undefined;
  let hasTimedOut = false;
  let isAborted = false;
  const askedMs = elapsed();
  const isGivenUp = (): boolean => !hasTimedOut && isClosedHere(request, response);
  /** The answer is incomplete. An abort tells the reason; every other error of the connection only tells this. */
  const breakOff = (): void => {
    if (isAborted) return;
    outgoing.dropError();
    if (isGivenUp()) outgoing.cancelled();
    else outgoing.brokenOff();
  };
  const stop = (): void => {
    if (response?.complete === false && !outgoing.hasReason) breakOff();
    outgoing.stop();
  };
  bindEmitter(request, caller, guard, (event, value) => {
    if (event === 'response' || event === 'upgrade' || event === 'connect') {
      const answer = value as IncomingMessage;
      outgoing.answered(answer.statusCode);
      if (event !== 'response') {
        stop();
        return;
      }
      response = answer;
      bindEmitter(answer, caller, guard, (told) => {
        if (told === 'aborted') breakOff();
        if (told === 'end' || told === 'close') stop();
      });
    } else if (event === 'socket') {
      outgoing.awaited = Awaited.connection(askedMs, value, hasQueued(request, askedMs));
    } else if (event === 'timeout') {
      hasTimedOut = true;
    } else if (event === 'error') {
      isAborted ||= (Object(value) as { code?: unknown }).code === 'ABORT_ERR';
      if (isHangUp(value) && isGivenUp()) outgoing.cancelled();
      else outgoing.failed(value);
    } else if (event === 'close') {
      stop();
    }
  });
}

/** Whether a request had to wait for a place in its agent. Node's agents leave a mark on those that had to. */
const hasQueued = (request: ClientRequest, askedMs: number): boolean =>
  elapsed() - askedMs >= 1 &&
  Object.getOwnPropertySymbols(request).some(({ description }) => description === 'requestOptions');

/** Whether this is Node's error for a connection that ended before an answer, whichever side ended it. */
function isHangUp(error: unknown): boolean {
  const { code, syscall } = Object(error) as NodeJS.ErrnoException;
  return code === 'ECONNRESET' && syscall === undefined;
}

/** Whether the application itself closed the connection, without an error: not the server, and not the network. */
function isClosedHere(request: ClientRequest, response: IncomingMessage | undefined): boolean {
  const socket = request.socket as Socket | null | undefined;
  // The request may have been destroyed before it got a socket.
  if (!socket) return request.destroyed;
  // A response counts as destroyed before it destroys its connection.
  const isClosed = socket.destroyed || (response !== undefined && (response.errored ?? null) === null);
  return isClosed && !socket.readableEnded && (socket.errored ?? null) === null;
}

/** The port, as far as the request shows it: in its `Host` header, unless that names another host. */
function portOf(request: ClientRequest, scheme: Scheme): number | undefined {
  const host = request.getHeader('host');
  if (host === undefined || typeof host !== 'string') return undefined;
  const at = /:\d+$/.test(host) ? host.lastIndexOf(':') : host.length;
  if (unbracketed(host.slice(0, at)) !== unbracketed(request.host)) return undefined;
  return at === host.length ? defaultPort(scheme) : Number(host.slice(at + 1));
}

const unbracketed = (host: string): string =>
  host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host;
