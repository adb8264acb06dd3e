// Decides which requests carry a trace on: each host that can read a request's headers must be one that may have them.
import { type Context, nobody } from '../trace/context.js';
import { infoName } from '../trace/headers.js';
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
 */
export function mayCarry(signer: Pick<Signer, 'carriesTo'>, way: Way): boolean {
  // A tunnel is for the proxy only. Requests through it carry headers of their own.
  if (way.method === 'CONNECT') return false;
  const hosts = [way.host, ...way.authorities.map(hostOf)];
  if (isAbsolute.test(way.path)) hosts.push(hostOfUrl(way.path));
  if (!hosts.every((host) => host !== undefined && signer.carriesTo(host))) return false;
  const { peer, secureFor } = way;
  const isReadByPeer = secureFor === undefined || !hosts.some((host) => isSame(host, secureFor));
  return !isReadByPeer || (peer !== undefined && signer.carriesTo(peer));
}

/** The form of a request to a forward proxy: `GET http://example.org/ HTTP/1.1`. */
const isAbsolute = /^[a-z][a-z\d+.-]*:/i;

const hostOfUrl = (url: string): string | undefined =>
  URL.canParse(url) ? new URL(url).hostname : undefined;

/** The host that an authority names; undefined where some reader may find another one in it. */
export function hostOf(authority: unknown): string | undefined {
  if (typeof authority !== 'string' || endOfHost.test(authority)) return undefined;
  return authority.replace(/^.*@/s, '').replace(/:\d*$/, '');
}

/** `evil.example/@localhost` is no user at `localhost` for everybody. */
const endOfHost = /[/\\?#]/;

const isSame = (host: string | undefined, name: string): boolean =>
  host?.toLowerCase().replace(/\.$/, '') === name.toLowerCase();

/** All values of a header that a request was given, by its name in lower case. */
export type Given = (name: string) => readonly unknown[];

/** The trace headers that replace those that a request was given; possibly none. */
export type Carried = Readonly<Record<string, string>>;

const none: Carried = {};

/** Who may have headers, and what they say. */
export interface Signer {
  carriesTo(host: string): boolean;
  headersFor(context: Context): Carried;
}

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
  signer: Signer,
  { context, isPoint }: Sender,
  given: Given,
  way: Way,
): Carried | undefined {
  const infos = given(infoName);
  const isPassedOn = infos.length > 0;
  // Headers of another trace are the application's own business.
  if (isPassedOn ? !infos.some((info) => isFrom(context, info)) : !isPoint) return undefined;
  const authorization = given('authorization');
  const isSigned = isAwsSigned(authorization);
  // Changing the headers would break that signature.
  if (isSigned && /x-trace-/i.test(String(authorization))) return undefined;
  if (!isPoint) return mayCarry(signer, way) ? undefined : none;
  if (!isSigned && mayCarry(signer, way)) {
    context.isCarriedOn = true;
    return signer.headersFor(context);
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
