import type { Agent, ClientRequest, IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';

import { cancelled, isGivingUp } from '../src/trace/cancelled.js';
import { onChannel } from '../src/hooks/channel.js';
import { bindEmitter } from '../src/hooks/emitter.js';
import { type Guard, createGuard, guarded, watching } from '../src/hooks/guard.js';
import { aborted, answered, defaultPort } from '../src/hooks/targets/http.js';
import { isOtherAgents } from '../src/hooks/targets/other-agents.js';
import { patch } from '../src/hooks/patch.js';
import { standsFor } from '../src/hooks/targets/peer.js';
import type { AgentPort } from '../src/hooks/port.js';
import { target } from '../src/redaction/url.js';
import { type Context, caller as callerOf, place } from '../src/trace/context.js';
import { tracing } from '../src/trace/trace.js';
import type { Info } from '../src/trace/event.js';
import { failure } from '../src/trace/info.js';
import { type Point, startPoint, stopPoint } from '../src/trace/point.js';
import { carry } from './http-headers.js';

/** Outgoing requests of `http` and `https`: points of these names. */
export function httpClient(agent: AgentPort): void {
  const guard = createGuard('http client');
  if (hasCreatedChannel) {
    onChannel<{ request: ClientRequest }>('http.client.request.created', ({ request }) => {
      if (tracing.live > 0) send(request, agent, guard);
    });
    return;
  }
  const seen = new WeakSet<ClientRequest>();
  watchRequests((request) => {
    if (tracing.live === 0 || seen.has(request)) return;
    seen.add(request);
    guarded(guard, () => send(request, agent, guard));
  });
}

type AddRequest = (request: ClientRequest, ...rest: unknown[]) => unknown;

/**
 * Tells of requests where no channel does. All are of one class, whose constructor ends by calling one of two
 * methods: so those are seen too whose function was taken out of `http` or `https` before, and `https`, which
 * costs 3 to 7 ms, need not be loaded.
 */
function watchRequests(tell: (request: ClientRequest) => void): void {
  const { Agent, ClientRequest } = require('node:http') as typeof import('node:http');
  const agents = Agent.prototype as Agent & { addRequest: AddRequest };
  patch(agents, 'addRequest', (original) => {
    const wrapper = function (this: unknown): unknown {
      const args = arguments as unknown as Parameters<AddRequest>;
      const result = Reflect.apply(original, this, args);
      tell(args[0]);
      return result;
    };
    standsFor(wrapper, original);
    return wrapper;
  });
  // Without an agent it is called by the constructor; agents of another kind call it once they are connected.
  patch(
    ClientRequest.prototype,
    'onSocket',
    (original) =>
      function () {
        const { agent } = this as { agent?: { addRequest?: unknown } };
        if (agent?.addRequest !== agents.addRequest) tell(this as ClientRequest);
        return Reflect.apply(original, this, arguments as unknown as unknown[]);
      },
  );
}

// Since 22.12 and 23.2.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
const hasCreatedChannel = major > 23 || (major === 23 && minor >= 2) || (major === 22 && minor >= 12);

function send(request: ClientRequest, agent: AgentPort, guard: Guard): void {
  if (isOtherAgents(request, agent.environment)) return;
  const caller = callerOf();
  const scheme = request.protocol === 'https:' ? 'https' : 'http';
  if (caller === undefined) {
    const context = place();
    // No point, but what it passes on of a trace is not for everybody.
    if (context !== undefined)
      carry(request, { scheme, context, caller: context, isPoint: false }, agent, guard);
    return;
  }
  const point = startPoint(scheme, caller, {
    requests: {
      method: request.method,
      scheme,
      hostname: request.host.slice(userIn(request).length),
      port: portOf(request, scheme),
      ...target(request.path),
    },
  });
  watching(point, () => {
    carry(request, { scheme, context: point.context, caller, isPoint: true }, agent, guard);
    watch(request, point, caller, guard);
  });
}

function watch(request: ClientRequest, point: Point, caller: Context, guard: Guard): void {
  let response: IncomingMessage | undefined;
  let stopInfo: Info = {};
  let broken: Info | undefined;
  let hasTimedOut = false;
  let isAborted = false;
  const isGivenUp = (): boolean => !hasTimedOut && isClosedHere(request, response);
  /** The answer is not complete. An abort says why; all other errors of the connection tell of this alone. */
  const breakOff = (): void => {
    if (!isAborted) broken = broken === cancelled || isGivenUp() ? cancelled : aborted;
  };
  const stop = (): void => {
    if (response?.complete === false && broken === undefined) breakOff();
    stopPoint(point, { ...broken, ...stopInfo });
  };
  bindEmitter(request, caller, guard, (event, value) => {
    if (event === 'response' || event === 'upgrade' || event === 'connect') {
      const answer = value as IncomingMessage;
      stopInfo = answered(answer.statusCode, point);
      if (event !== 'response') {
        stop();
        return;
      }
      response = answer;
      bindEmitter(answer, caller, guard, (told) => {
        if (told === 'aborted') breakOff();
        if (told === 'end' || told === 'close') stop();
      });
    } else if (event === 'timeout') {
      hasTimedOut = true;
    } else if (event === 'error') {
      isAborted ||= (Object(value) as { code?: unknown }).code === 'ABORT_ERR';
      broken ??=
        isGivingUp(value) || (isHangUp(value) && isGivenUp()) ? cancelled : failureOf(request, value);
    } else if (event === 'close') {
      stop();
    }
  });
}

/** What Node tells of a connection that ended before there was an answer, whichever side ended it. */
function isHangUp(error: unknown): boolean {
  const { code, syscall } = Object(error) as NodeJS.ErrnoException;
  return code === 'ECONNRESET' && syscall === undefined;
}

/** Whether the application itself closed the connection, and for no error: neither the server nor the network. */
function isClosedHere(request: ClientRequest, response: IncomingMessage | undefined): boolean {
  const socket = request.socket as Socket | null | undefined;
  // A request may have been destroyed before it got one.
  if (!socket) return request.destroyed;
  // A response says that it is destroyed before it destroys the connection.
  const isClosed = socket.destroyed || (response !== undefined && (response.errored ?? null) === null);
  return isClosed && !socket.readableEnded && (socket.errored ?? null) === null;
}

/** What stands before a host that was given as `name:password@host`: Node looks up all of it as a name. */
function userIn({ host }: ClientRequest): string {
  return host.slice(0, host.lastIndexOf('@') + 1);
}

// No name of a host is longer; what is may have been cut within.
const longestHost = 253;

function failureOf(request: ClientRequest, error: unknown): Info {
  const info = failure(error);
  const user = userIn(request);
  const { message } = info;
  if (user === '' || typeof message !== 'string') return info;
  return { ...info, message: user.length > longestHost ? '***' : message.replaceAll(user, '***@') };
}

/** The port as far as the request itself shows it: in its Host header, unless that names another host. */
function portOf(request: ClientRequest, scheme: string): number | undefined {
  const host = request.getHeader('host');
  if (host === undefined || typeof host !== 'string') return undefined;
  const at = /:\d+$/.test(host) ? host.lastIndexOf(':') : host.length;
  if (unbracketed(host.slice(0, at)) !== unbracketed(request.host)) return undefined;
  return at === host.length ? defaultPort(scheme) : Number(host.slice(at + 1));
}

const unbracketed = (host: string): string =>
  host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host;
