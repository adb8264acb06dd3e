// Finds out which host a connection leads to, and whether anybody else can read what is sent over it.
import type { Agent } from 'node:http';
import type { Socket } from 'node:net';
import type { ConnectionOptions, TLSSocket } from 'node:tls';

import type { Line } from '../../propagation/recipients.js';
import type { AgentPort } from '../port.js';

/** A Unix socket leads to a process of this machine. */
const thisMachine = 'localhost';

/**
 * The host that a call of `connect` leads to. It is noted while a trace is live: a socket tells no address before it
 * is connected, and a request's header is written before that.
 */
export function hostIn([first, second]: readonly unknown[]): string {
  // Node's own callers pass options and listener in a list.
  const asked: unknown = Array.isArray(first) ? (first as unknown[])[0] : first;
  if (typeof asked !== 'object' || asked === null) {
    const isPort = typeof asked === 'number' || (typeof asked === 'string' && /^\s*\d+\s*$/.test(asked));
    return isPort && typeof second === 'string' ? second : thisMachine;
  }
  const { path, host } = asked as { path?: unknown; host?: unknown };
  if (typeof path === 'string' && path !== '') return thisMachine;
  // Node uses `localhost` for any falsy value, and throws for other values that are not texts.
  return typeof host === 'string' && host !== '' ? host : thisMachine;
}

/** Properties of a socket that are not documented, and have been the same since Node 12. */
interface Inside {
  /** The name that it has looked up, now or earlier. */
  readonly _host?: unknown;
  readonly _handle?: { readonly constructor: { readonly name: string }; getServername?(): unknown } | null;
  readonly encrypted?: unknown;
}

/** The host that a socket was connected to: its name, if it was given one. */
function peerOf(socket: Socket, { peers }: AgentPort): string | undefined {
  const noted = peers.of(socket);
  if (noted !== undefined) return noted;
  const { _host, _handle } = socket as Inside;
  if (typeof _host === 'string') return _host;
  return _handle?.constructor.name === 'Pipe' ? thisMachine : socket.remoteAddress;
}

/** The connection that a request is sent over. The peer of a connection can read an `http:` request even over TLS. */
export function lineOf(socket: Socket | undefined, scheme: 'http' | 'https', agent: AgentPort): Line {
  if (socket === undefined) return { peer: undefined };
  const { encrypted, _handle } = socket as Inside;
  const isSecure = scheme === 'https' && encrypted === true && isChecked(socket as TLSSocket);
  const name = isSecure ? _handle?.getServername?.() : undefined;
  return { peer: peerOf(socket, agent), secureFor: typeof name === 'string' ? name : undefined };
}

/**
 * Reads the fields of an HTTP/2 session that have no public name: its `protocol`, its `authority` and its `socket`. They
 * have been the same since Node 20.
 */
export function fieldsOf(session: object): (name: string) => unknown {
  const symbols = Object.getOwnPropertySymbols(session);
  return (name) => {
    const symbol = symbols.find(({ description }) => description === name);
    return symbol && (session as Record<symbol, unknown>)[symbol];
  };
}

/** Whether Node sends nothing over TLS before it has checked that the certificate is its peer's. */
function isChecked(socket: TLSSocket): boolean {
  const symbol = Object.getOwnPropertySymbols(socket).find(
    ({ description }) => description === 'connect-options',
  );
  // A socket that was made without `tls.connect` has no such options, and nobody checks its certificate.
  const options = symbol && (socket as unknown as Record<symbol, ConnectionOptions | undefined>)[symbol];
  if (options === undefined) return false;
  const { checkServerIdentity } = require('node:tls') as typeof import('node:tls');
  if (options.checkServerIdentity !== checkServerIdentity) return false;
  // A resumed session may have been with another peer.
  return options.rejectUnauthorized !== false || (socket.authorized && !socket.isSessionReused());
}

/** The options that decide where one of Node's agents connects to. They take precedence over a request's. */
interface AgentInside extends Agent {
  readonly options?: { readonly proxyEnv?: unknown; readonly host?: unknown; readonly socketPath?: unknown };
}

/**
 * Whether an agent is known to connect to the very host that a request is for. Only Node's own agents do, if they are
 * unchanged and use no proxy. Other agents may lead anywhere.
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

/** A function that takes part in deciding where Node's agents connect to. */
interface Place {
  readonly owner: Readonly<Record<string, unknown>>;
  readonly name: string;
  /** Matches a text that only Node's own function contains. */
  readonly mark: RegExp;
  last?: unknown;
  isNodes?: boolean;
}

/** Node's own agents of a scheme. */
interface Agents {
  readonly prototype: object;
  readonly places: readonly Place[];
}

// They are kept, because asking for a loaded module costs as much as making a point.
const agents: { http?: Agents; https?: Agents } = {};

/** The modules are loaded by then, because an agent of that kind was made. */
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

/** Notes that a function of ours calls another one and changes nothing. */
export function standsFor(fn: object, original: unknown): void {
  wrapped.set(fn, original);
}

/**
 * Whether a function is Node's, and not that of a package which sends all requests elsewhere. Its text tells. Our
 * start cannot remember Node's functions, because `http` is not loaded then and packages may run before us.
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

// Taken at the start: a package that replaces Node's functions may also change what `toString` says of them.
const { toString: textOf } = Function.prototype;

const own = ['createConnection', 'createSocket', 'addRequest'] as const;
