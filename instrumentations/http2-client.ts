// Records outgoing HTTP/2 requests as `http` and `https` points. Two things are peculiar to this client. The channels
// of Node 22 and newer come too late to add headers, so `request` of all sessions is patched. And a session keeps its
// destination in fields without a public name. `http2-headers.ts` reads the headers that are given, `http2-ends.ts`
// tells how a request ends.
import type { ClientHttp2Session, ClientHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';

import { createGuard, guarded, stoppingOnError } from '../src/hooks/guard.js';
import { ownerOf, patch } from '../src/hooks/patch.js';
import type { AgentPort } from '../src/hooks/port.js';
import { makeShared } from '../src/hooks/sources/shared-sources.js';
import { isSuppressed } from '../src/hooks/targets/other-agents.js';
import {
  type Asked,
  type OutgoingRequest,
  defaultPort,
  startRequest,
  withoutPoint,
} from '../src/hooks/targets/outgoing.js';
import { fieldsOf, lineOf } from '../src/hooks/targets/peer.js';
import { type Sender, carried, hostOf } from '../src/propagation/recipients.js';
import { type Context, caller as callerOf, nobody, place, runIn } from '../src/trace/context.js';
import { tracing } from '../src/trace/trace.js';
import { watch } from './http2-ends.js';
import { type Given, type Headers, givenIn, textOf } from './http2-headers.js';

type Http2 = typeof import('node:http2');

/**
 * Records the requests of all client sessions, including sessions that were opened before the first trace.
 *
 * @param http2 `node:http2`, which the application has loaded: it is too expensive to load only for this
 */
export function http2Client(agent: AgentPort, http2: Http2): void {
  const guard = createGuard('http2 client');
  const prototype = sessionPrototype(http2) as ClientHttp2Session;
  // A session serves many requests. Its timer would move all its listeners into the context of the request that set
  // it.
  makeShared(ownerOf(prototype, 'setTimeout'), 'setTimeout');
  patch(
    prototype,
    'request',
    (original) =>
      function () {
        const args = arguments as unknown as unknown[];
        if (agent.writing.isRpc) return Reflect.apply(original, this, args);
        if (tracing.live > 0 && isUndicis(this as ClientHttp2Session)) {
          const inner = Array.from(args);
          guarded(guard, () => carryInner(agent, this as ClientHttp2Session, inner));
          return Reflect.apply(original, this, inner);
        }
        if (tracing.live === 0 || guard.off || isSuppressed()) return Reflect.apply(original, this, args);
        const caller = callerOf();
        const context = caller ?? place();
        if (context === undefined) return Reflect.apply(original, this, args);
        const given = Array.from(args);
        if (caller === undefined) {
          guarded(guard, () => carryOnly(agent, withoutPoint(context), this as ClientHttp2Session, given));
          return Reflect.apply(original, this, given);
        }
        const outgoing = guarded(guard, () => start(agent, caller, this as ClientHttp2Session, given));
        if (outgoing === undefined) return Reflect.apply(original, this, args);
        try {
          const stream = Reflect.apply(original, this, given) as ClientHttp2Stream;
          guarded(guard, () => stoppingOnError(outgoing.point, () => watch(stream, outgoing, caller, guard)));
          return stream;
        } catch (error) {
          outgoing.failed(error);
          outgoing.stop();
          throw error;
        }
      },
  );
}

/** The class of client sessions. Node does not export it, so it is taken from a session that leads nowhere. */
function sessionPrototype({ connect }: Http2): object {
  const nowhere = (): Duplex => new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });
  const session = runIn(nobody(), connect as (...args: unknown[]) => ClientHttp2Session, undefined, [
    'http://localhost',
    { createConnection: nowhere },
  ]);
  session.on('error', () => {});
  session.destroy();
  return Object.getPrototypeOf(session) as object;
}

/** Starts the point, and puts the headers into our copy of the arguments. */
function start(
  agent: AgentPort,
  caller: Context,
  session: ClientHttp2Session,
  args: unknown[],
): OutgoingRequest {
  const asked = askedOf(session, args);
  const outgoing = startRequest(caller, asked);
  stoppingOnError(outgoing.point, () => carry(agent, outgoing, asked, args));
  return outgoing;
}

/**
 * Carries on the trace of a request of undici's, which is a point already, if the session's destination may know of
 * it.
 */
function carryInner(agent: AgentPort, session: ClientHttp2Session, args: unknown[]): void {
  const { writing } = agent;
  const sender = writing.request?.sender;
  writing.request = undefined;
  if (sender !== undefined) carryOnly(agent, sender, session, args);
}

function carryOnly(agent: AgentPort, sender: Sender, session: ClientHttp2Session, args: unknown[]): void {
  carry(agent, sender, askedOf(session, args), args);
}

function carry(agent: AgentPort, sender: Sender, asked: AskedOfSession, args: unknown[]): void {
  const { given, authority, socket, scheme, method, path } = asked;
  if (given?.isPlain !== true) return;
  const said = (name: string): readonly unknown[] => [given.named[name] ?? []].flat();
  const headers = carried(agent, sender, said, {
    ...lineOf(socket, scheme, agent),
    method,
    path,
    host: hostOf(authority) ?? '',
    authorities: [...said(':authority'), ...said('host')],
  });
  if (headers !== undefined) args[0] = given.instead(headers);
}

/** Whether undici made a session: then the session holds undici's client. */
function isUndicis(session: ClientHttp2Session): boolean {
  return Object.getOwnPropertySymbols(session).some(({ description }) => description === 'client');
}

interface AskedOfSession extends Asked {
  /** Undefined if the headers are not ours to read. */
  readonly given: Given | undefined;
  /** The host and the port that the session is for. */
  readonly authority: string;
  readonly socket: Socket | undefined;
}

/**
 * The request, and the destination of its session. Node keeps the destination in fields that have been the same since
 * version 20.
 */
function askedOf(session: ClientHttp2Session, args: readonly unknown[]): AskedOfSession {
  const given = givenIn(args);
  const headers: Headers = given?.named ?? {};
  const field = fieldsOf(session);
  const scheme = /^https:?$/.test(textOf(field('protocol') ?? headers[':scheme']) ?? '') ? 'https' : 'http';
  const authority = textOf(field('authority')) ?? '';
  const [, host = '', port] = /^(.*?)(?::(\d+))?$/.exec(authority) ?? [];
  return {
    method: textOf(headers[':method']) ?? 'GET',
    scheme,
    host,
    port: port === undefined ? defaultPort(scheme) : Number(port),
    path: textOf(headers[':path']) ?? '/',
    given,
    authority,
    socket: field('socket') as Socket | undefined,
  };
}
