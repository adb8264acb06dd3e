import type { ClientHttp2Session, ClientHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';

import { cancelled, ending } from '../src/trace/cancelled.js';
import { viewWith } from '../src/hooks/view.js';
import { bindEmitter } from '../src/hooks/emitter.js';
import { type Guard, createGuard, guarded, read, watching } from '../src/hooks/guard.js';
import { aborted, answered, defaultPort, statusOf } from '../src/hooks/targets/http.js';
import { isSuppressed } from '../src/hooks/targets/other-agents.js';
import { patch } from '../src/hooks/patch.js';
import { lineOf } from '../src/hooks/targets/peer.js';
import { type Carried, type Sender, carried } from '../src/propagation/recipients.js';
import type { AgentPort } from '../src/hooks/port.js';
import { target } from '../src/redaction/url.js';
import { type Context, caller as callerOf, nobody, place, runIn } from '../src/trace/context.js';
import { tracing } from '../src/trace/trace.js';
import { infoHeader, isTraceHeader } from '../src/trace/headers.js';
import { failure } from '../src/trace/info.js';
import { type Point, startPoint, stopPoint } from '../src/trace/point.js';

type Http2 = typeof import('node:http2');
type Headers = Readonly<Record<string, unknown>>;

/**
 * Outgoing HTTP/2 requests: `http` and `https` points. The channels of Node 22 and newer come too late to add
 * headers, so `request` of all sessions is patched, also of those that were opened before the first trace.
 *
 * @param http2 `node:http2`, which the application has loaded: it is too dear to load for nothing
 */
export function http2Client(agent: AgentPort, http2: Http2): void {
  const guard = createGuard('http2 client');
  patch(
    sessionPrototype(http2) as ClientHttp2Session,
    'request',
    (original) =>
      function () {
        const args = arguments as unknown as unknown[];
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
          // No point, but what it passes on of a trace is not for everybody.
          const sender = { context, isPoint: false };
          guarded(guard, () => carryOnly(agent, sender, this as ClientHttp2Session, given));
          return Reflect.apply(original, this, given);
        }
        const point = guarded(guard, () => start(agent, caller, this as ClientHttp2Session, given));
        if (point === undefined) return Reflect.apply(original, this, args);
        try {
          const stream = Reflect.apply(original, this, given) as ClientHttp2Stream;
          guarded(guard, () => watching(point, () => watch(stream, point, caller, guard)));
          return stream;
        } catch (error) {
          stopPoint(point, failure(error));
          throw error;
        }
      },
  );
}

/** The class of clients' sessions is not exported: it is taken from a session that leads nowhere. */
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
function start(agent: AgentPort, caller: Context, session: ClientHttp2Session, args: unknown[]): Point {
  const given = givenIn(args);
  const headers = given?.named ?? {};
  const endpoint = endpointOf(session, headers);
  const { hostname, port, scheme } = endpoint;
  const method = textOf(headers[':method']) ?? 'GET';
  const path = textOf(headers[':path']) ?? '/';
  const point = startPoint(scheme, caller, {
    requests: { method, scheme, hostname, port, ...target(path) },
  });
  watching(point, () => {
    if (given !== undefined) carry(agent, { context: point.context, isPoint: true }, endpoint, given, args);
  });
  return point;
}

/** What undici asks is a point already: that one is carried on, to whom the session leads. */
function carryInner(agent: AgentPort, session: ClientHttp2Session, args: unknown[]): void {
  const { writing } = agent;
  const sender = writing.request?.sender;
  writing.request = undefined;
  if (sender !== undefined) carryOnly(agent, sender, session, args);
}

function carryOnly(agent: AgentPort, sender: Sender, session: ClientHttp2Session, args: unknown[]): void {
  const given = givenIn(args);
  if (given !== undefined) carry(agent, sender, endpointOf(session, given.named), given, args);
}

/** Whether a session is one that undici has made, which keeps its client there. */
function isUndicis(session: ClientHttp2Session): boolean {
  return Object.getOwnPropertySymbols(session).some(({ description }) => description === 'client');
}

function carry(
  agent: AgentPort,
  sender: Sender,
  { hostname, scheme, socket }: Endpoint,
  { named, isPlain, instead }: Given,
  args: unknown[],
): void {
  if (!isPlain) return;
  const said = (name: string): readonly unknown[] => [named[name] ?? []].flat();
  const headers = carried(
    agent,
    sender,
    { infos: said(info), authorization: said('authorization') },
    {
      ...lineOf(socket, scheme, agent),
      method: textOf(named[':method']) ?? 'GET',
      path: textOf(named[':path']) ?? '/',
      host: hostname,
      authorities: [...said(':authority'), ...said('host')],
    },
    () => agent.headersFor(sender.context),
  );
  if (headers !== undefined) args[0] = instead(headers);
}

const info = infoHeader.toLowerCase();
const looked: ReadonlySet<string> = new Set([
  ':method',
  ':scheme',
  ':path',
  ':authority',
  'host',
  'authorization',
  info,
]);

/** What a caller gives as the headers of a request, read as little as can be. */
interface Given {
  /** Those that matter here, in lower case; a getter is Node's alone to call. */
  readonly named: Headers;
  /** Whether others can be added, and all that could forbid it is known. */
  readonly isPlain: boolean;
  /** What Node is given instead: with these in the place of all trace headers. */
  readonly instead: (headers: Carried) => object;
}

/** What Node is given; undefined for what is no object, or throws when it is read, as it will for Node too. */
function givenIn([asked = {}]: readonly unknown[]): Given | undefined {
  return typeof asked === 'object' && asked !== null ? read(() => headersIn(asked)) : undefined;
}

/** Headers are an object, or on Node 24 and newer also a list of names and values in turn. */
function headersIn(asked: object): Given {
  return Array.isArray(asked) ? headersInList(asked as unknown[]) : headersInObject(asked);
}

function headersInObject(asked: object): Given {
  const named: Record<string, unknown> = {};
  let isPlain = true;
  for (const key of Object.keys(asked)) {
    const name = key.toLowerCase();
    if (!looked.has(name)) continue;
    const property = Object.getOwnPropertyDescriptor(asked, key);
    if (property?.get === undefined) named[name] = both(named[name], property?.value);
    else isPlain = false;
  }
  const instead = (headers: Carried): object => {
    const copy = viewWith(asked, headers) as Record<string, unknown>;
    for (const key of Object.keys(asked)) {
      if (isTraceHeader(key) && headers[key] === undefined) delete copy[key];
    }
    return copy;
  };
  return { named, isPlain, instead };
}

function headersInList(asked: readonly unknown[]): Given {
  const list = [...asked];
  const named: Record<string, unknown> = {};
  for (let i = 0; i < list.length; i += 2) {
    const name = textOf(list[i])?.toLowerCase() ?? '';
    if (looked.has(name)) named[name] = both(named[name], list[i + 1]);
  }
  const symbols = Object.getOwnPropertySymbols(asked) as unknown as number[];
  return {
    named,
    // With a name without a value ours would become its value.
    isPlain: list.length % 2 === 0,
    // By a symbol a list says which of its headers are secret: no proxy may keep those.
    instead: (headers) =>
      Object.assign(
        [
          ...list.filter((_, i) => !isTraceHeader(String(list[i - (i % 2)]))),
          ...Object.entries(headers).flat(),
        ],
        Object.fromEntries(symbols.map((symbol) => [symbol, asked[symbol]])),
      ),
  };
}

/** What a name that may be given twice, in another case, says. */
const both = (one: unknown, other: unknown): unknown => (one === undefined ? other : [one, other].flat());

interface Endpoint {
  readonly hostname: string;
  readonly port: number;
  readonly scheme: 'http' | 'https';
  readonly socket: Socket | undefined;
}

/** Where the session goes to. Node keeps that in fields without a public name, the same since version 20. */
function endpointOf(session: ClientHttp2Session, headers: Headers): Endpoint {
  const symbols = Object.getOwnPropertySymbols(session);
  const field = (name: string): unknown => {
    const symbol = symbols.find(({ description }) => description === name);
    return symbol && (session as unknown as Record<symbol, unknown>)[symbol];
  };
  const scheme = /^https:?$/.test(textOf(field('protocol') ?? headers[':scheme']) ?? '') ? 'https' : 'http';
  const [, hostname = '', port] = /^(.*?)(?::(\d+))?$/.exec(textOf(field('authority')) ?? '') ?? [];
  const socket = field('socket') as Socket | undefined;
  return { hostname, port: port === undefined ? defaultPort(scheme) : Number(port), scheme, socket };
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

function watch(stream: ClientHttp2Stream, point: Point, caller: Context, guard: Guard): void {
  let status: number | undefined;
  let broken: object | undefined;
  let isWhole = false;
  watchClosing(stream, guard);
  bindEmitter(stream, caller, guard, (event, value) => {
    if (event === 'response') {
      status = statusOf(value as Headers);
      isWhole = stream.endAfterHeaders;
    } else if (event === 'trailers') isWhole = true;
    else if (event === 'error') broken ??= ending(value);
    else if (event === 'end' || event === 'close') {
      if (!isWhole && isGivenUp(stream, event)) broken ??= cancelled;
      else if (stream.rstCode !== 0 || status === undefined) broken ??= aborted;
      stopPoint(point, { ...broken, ...(status !== undefined && answered(status, point)) });
    }
  });
}

/** Streams that the application closed while more of the answer could come. */
const closedHere = new WeakSet<object>();
let isClosingWatched = false;

/** Has the class of all streams tell which are closed by the application: their events don't tell who did it. */
function watchClosing(stream: ClientHttp2Stream, guard: Guard): void {
  if (isClosingWatched) return;
  isClosingWatched = true;
  let owner = Object.getPrototypeOf(stream) as ClientHttp2Stream;
  while (!Object.hasOwn(owner, 'close')) owner = Object.getPrototypeOf(owner) as ClientHttp2Stream;
  patch(
    owner,
    'close',
    (original) =>
      ({
        close(this: unknown) {
          const args = arguments as unknown as unknown[];
          if (tracing.live > 0) guarded(guard, () => noteClosing(this as ClientHttp2Stream, args[0]));
          return Reflect.apply(original, this, args);
        },
      }).close,
  );
}

const harmless: ReadonlySet<unknown> = new Set([undefined, 0, 8]); // NO_ERROR, CANCEL

function noteClosing(stream: ClientHttp2Stream, code: unknown): void {
  if (!harmless.has(code) || stream.closed || stream.destroyed) return;
  // Node closes the streams of a connection that is gone.
  if (stream.session?.socket.destroyed === false) closedHere.add(stream);
}

/** Whether the application gave a stream up: by closing it, or by destroying it or its session. */
function isGivenUp(stream: ClientHttp2Stream, event: 'end' | 'close'): boolean {
  const isDestroyed = stream.destroyed || event === 'close';
  return closedHere.has(stream) || (isDestroyed && stream.rstCode === 0);
}
