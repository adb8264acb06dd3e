// Decides which outgoing requests carry signed headers, by who can read them.
import { type Context, nobody } from '../trace/context.js';
import { baseIdIn } from '../trace/signing.js';

/** The other side of a connection. */
export interface Line {
  /** The host, or the address, that the socket was connected to; undefined if that cannot be known. */
  readonly peer: string | undefined;
  /** The host whose certificate was checked, if nobody in between can read what is sent. */
  readonly secureFor?: string | undefined;
}

/** The way of a request, as far as it decides who can read the headers. */
export interface Way extends Line {
  readonly method: string;
  readonly path: string;
  /** The host that the request is for: its URL's, or its session's. */
  readonly host: string;
  /** Its `Host` and `:authority` headers, which may name others. */
  readonly authorities: readonly unknown[];
}

/**
 * Whether a request may carry signed headers. A reader of the headers could replay them, so everybody who can read
 * them must be among the hosts that may have them.
 *
 * @param carriesTo whether a host may have them
 */
export function mayCarry(carriesTo: (host: string) => boolean, way: Way): boolean {
  // A tunnel is for the proxy only. Requests through it carry headers of their own.
  if (way.method === 'CONNECT') return false;
  const hosts = [way.host, ...way.authorities.map(hostOf)];
  if (isAbsolute.test(way.path)) hosts.push(hostOfUrl(way.path));
  if (!hosts.every((host) => host !== undefined && carriesTo(host))) return false;
  const { peer, secureFor } = way;
  const isReadByPeer = secureFor === undefined || !hosts.some((host) => isSame(host, secureFor));
  return !isReadByPeer || (peer !== undefined && carriesTo(peer));
}

/** The form of a request to a forward proxy: `GET http://example.org/ HTTP/1.1`. */
const isAbsolute = /^[a-z][a-z\d+.-]*:/i;

const hostOfUrl = (url: string): string | undefined =>
  URL.canParse(url) ? new URL(url).hostname : undefined;

function hostOf(authority: unknown): string | undefined {
  return typeof authority === 'string' ? authority.replace(/^.*@/s, '').replace(/:\d*$/, '') : undefined;
}

const isSame = (host: string | undefined, name: string): boolean =>
  host?.toLowerCase().replace(/\.$/, '') === name.toLowerCase();

/** The headers that the application itself gave a request: trace headers, and its authorization. */
export interface Given {
  /** All values of `X-Trace-Info`. */
  readonly infos: readonly unknown[];
  readonly authorization: readonly unknown[];
}

/** The trace headers that replace those that a request was given; possibly none. */
export type Carried = Readonly<Record<string, string>>;

const none: Carried = {};

/** The sender of a request that may carry a trace on. */
export interface Sender {
  /** The context of its point, or, without a point, the context in which it is made. */
  readonly context: Context;
  /**
   * Without a point, the request carries no headers of ours: it comes after its trace's end, or nobody can tell
   * whose it is.
   */
  readonly isPoint: boolean;
}

/**
 * Decides which trace headers a request carries. Headers that the application gave it belong to the trace if they
 * were passed on from the incoming request. The callee's point then has to be below this request, and a host that
 * may not have our headers may not have those either. If nobody can tell whose request it is, that holds for the
 * headers of any trace.
 *
 * @returns undefined if the request stays as it is
 */
export function carried(
  { carriesTo }: { readonly carriesTo: (host: string) => boolean },
  { context, isPoint }: Sender,
  { infos, authorization }: Given,
  way: Way,
  headers: () => Carried,
): Carried | undefined {
  const isPassedOn = infos.length > 0;
  // Headers of another trace are the application's own business.
  if (isPassedOn ? !infos.some((info) => isFrom(context, info)) : !isPoint) return undefined;
  const isSigned = isAwsSigned(authorization);
  // Changing the headers would break that signature.
  if (isSigned && /x-trace-/i.test(String(authorization))) return undefined;
  if (!isPoint) return mayCarry(carriesTo, way) ? undefined : none;
  if (!isSigned && mayCarry(carriesTo, way)) {
    context.isCarriedOn = true;
    return headers();
  }
  return isPassedOn ? none : undefined;
}

/**
 * Whether a request is signed in a way that covers its headers (AWS's SigV4): adding headers would break the
 * signature.
 */
const isAwsSigned = (authorization: readonly unknown[]): boolean =>
  authorization.flat().some((value) => typeof value === 'string' && /^\s*AWS4-/i.test(value));

/**
 * Whether a value, or one of several that Node joined, names the trace of a context; in nobody's place, any trace.
 */
function isFrom(context: Context, info: unknown): boolean {
  if (typeof info !== 'string') return false;
  const wanted = context === nobody() ? undefined : context.trace.base_id.toLowerCase();
  return info.split(',', mostInfos).some((each) => {
    const base_id = baseIdIn(each.trim())?.toLowerCase();
    return base_id !== undefined && (wanted ?? base_id) === base_id;
  });
}

const mostInfos = 10;
