import type { Agent } from 'node:http';
import type { Socket } from 'node:net';
import type { ConnectionOptions, TLSSocket } from 'node:tls';

import type { Line } from '../../propagation/recipients.js';
import type { AgentPort } from '../port.js';

/** A Unix socket leads to a process of this machine. */
const thisMachine = 'localhost';

/**
 * Whom a call of `connect` leads to. It is remembered while a trace is live: before it is connected, a socket tells of
 * no address, and that is when a request's header is written.
 */
export function hostIn([first, second]: readonly unknown[]): string {
  // Node's own callers have put options and listener into a list.
  const asked: unknown = Array.isArray(first) ? (first as unknown[])[0] : first;
  if (typeof asked !== 'object' || asked === null) {
    const isPort = typeof asked === 'number' || (typeof asked === 'string' && /^\s*\d+\s*$/.test(asked));
    return isPort && typeof second === 'string' ? second : thisMachine;
  }
  const { path, host } = asked as { path?: unknown; host?: unknown };
  if (typeof path === 'string' && path !== '') return thisMachine;
  // Node takes `localhost` for whatever is falsy, and throws for what is no text.
  return typeof host === 'string' && host !== '' ? host : thisMachine;
}

/** What a socket has beside its published properties, the same since Node 12. */
interface Inside {
  /** The name that it has looked up, in the past also. */
  readonly _host?: unknown;
  readonly _handle?: { readonly constructor: { readonly name: string }; getServername?(): unknown } | null;
  readonly encrypted?: unknown;
}

/** Whom a socket was connected to: by name, where it was given one. */
function peerOf(socket: Socket, { peers }: AgentPort): string | undefined {
  const noted = peers.of(socket);
  if (noted !== undefined) return noted;
  const { _host, _handle } = socket as Inside;
  if (typeof _host === 'string') return _host;
  return _handle?.constructor.name === 'Pipe' ? thisMachine : socket.remoteAddress;
}

/** Whom a request leads to that is sent by a socket. A `http:` request over TLS is for its peer to read. */
export function lineOf(socket: Socket | undefined, scheme: 'http' | 'https', agent: AgentPort): Line {
  if (socket === undefined) return { peer: undefined };
  const { encrypted, _handle } = socket as Inside;
  const isSecure = scheme === 'https' && encrypted === true && isChecked(socket as TLSSocket);
  const name = isSecure ? _handle?.getServername?.() : undefined;
  return { peer: peerOf(socket, agent), secureFor: typeof name === 'string' ? name : undefined };
}

/** Whether nothing is sent over TLS before Node has found the certificate to be its peer's. */
function isChecked(socket: TLSSocket): boolean {
  const symbol = Object.getOwnPropertySymbols(socket).find(
    ({ description }) => description === 'connect-options',
  );
  // Not those of a socket that was made without `tls.connect`: then nobody checks.
  const options = symbol && (socket as unknown as Record<symbol, ConnectionOptions | undefined>)[symbol];
  if (options === undefined) return false;
  const { checkServerIdentity } = require('node:tls') as typeof import('node:tls');
  if (options.checkServerIdentity !== checkServerIdentity) return false;
  // A session that is taken up again was maybe with another peer.
  return options.rejectUnauthorized !== false || (socket.authorized && !socket.isSessionReused());
}

/** What decides where an agent of Node's connects to; the options win over those of a request. */
interface AgentInside extends Agent {
  readonly options?: { readonly proxyEnv?: unknown; readonly host?: unknown; readonly socketPath?: unknown };
}

/**
 * Whether an agent is known to connect to the very host that a request is for: one of Node's own, as it is made
 * and without a proxy. All others may lead anywhere.
 */
export function isDirect(agent: AgentInside | undefined, scheme: 'http' | 'https'): boolean {
  if (agent === undefined) return false;
  const { options } = agent;
  const { prototype, places } = (agents[scheme] ??= agentsOf(scheme));
  return (
    Object.getPrototypeOf(agent) === prototype &&
    places.every(isNodes) &&
    !own.some((name) => Object.hasOwn(agent, name)) &&
    options !== undefined &&
    options.proxyEnv === undefined &&
    options.host === undefined &&
    options.socketPath === undefined
  );
}

/** A function that has a say in where Node's agents connect to. */
interface Place {
  readonly owner: Readonly<Record<string, unknown>>;
  readonly name: string;
  /** What no function has in its text but Node's own. */
  readonly mark: RegExp;
  last?: unknown;
  isNodes?: boolean;
}

/** Node's own agents of a scheme. */
interface Agents {
  readonly prototype: object;
  readonly places: readonly Place[];
}

// To ask for a loaded module costs as much as to make a point.
const agents: { http?: Agents; https?: Agents } = {};

/** Loaded by then: an agent of that kind was made. */
function agentsOf(scheme: 'http' | 'https'): Agents {
  const { Agent } =
    scheme === 'http'
      ? (require('node:http') as typeof import('node:http'))
      : (require('node:https') as typeof import('node:https'));
  const place = (owner: object, name: string, mark: RegExp): Place => ({
    owner: owner as Place['owner'],
    name,
    mark,
  });
  const { prototype } = Agent;
  const connects = /socket\.connect\(normalized\)/;
  const places = [
    place(prototype, 'addRequest', /kRequestOptions/),
    place(prototype, 'createSocket', /installListeners\(/),
    ...(scheme === 'http'
      ? [
          place(prototype, 'createConnection', new RegExp(`kProxyConfig|${connects.source}`)),
          place(require('node:net') as object, 'createConnection', connects),
        ]
      : [
          place(prototype, 'createConnection', /this\._getSession\(options\._agentKey\)/),
          place(require('node:tls') as object, 'connect', /kConnectOptions/),
        ]),
  ];
  return { prototype, places };
}

const wrapped = new WeakMap<object, unknown>();

/** Says that a function of ours calls another one, and changes nothing. */
export function standsFor(fn: object, original: unknown): void {
  wrapped.set(fn, original);
}

/**
 * Whether a function is Node's, and not that of a package which sends all requests elsewhere. Its text tells: at our
 * start `http` is not loaded, to remember its functions by, and packages may be before us.
 */
function isNodes(place: Place): boolean {
  const found = place.owner[place.name];
  if (found !== place.last) {
    place.last = found;
    const fn = typeof found === 'function' ? (wrapped.get(found) ?? found) : undefined;
    place.isNodes = typeof fn === 'function' && place.mark.test(textOf.call(fn));
  }
  return place.isNodes === true;
}

// Taken now: whoever puts a function into the place of Node's may also say otherwise of its text.
const { toString: textOf } = Function.prototype;

const own = ['createConnection', 'createSocket', 'addRequest'] as const;
