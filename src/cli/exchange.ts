// Sends a request and follows its redirects, as curl does.
import type { IncomingMessage } from 'node:http';

import { isTraceHeader } from '../trace/headers.js';
import { CommandError } from './command.js';
import type { Cookies } from './cookies.js';
import { type Headers, type Outgoing, send } from './send.js';

/** The outcome of a request, redirects included. */
export interface Outcome {
  readonly status: number;
  /** In microseconds, from the start to the head of the last response, and to its end. */
  readonly head: number;
  readonly whole: number;
}

export interface Following {
  readonly isFollowing: boolean;
  readonly cookies: Cookies;
  /** Called for a redirect to a host that gets no trace headers. */
  onUntraced(host: string): void;
}

// The limit is curl's.
const maxRedirects = 50;

/**
 * Sends a request and, if asked to, follows redirects, as curl does.
 *
 * @param receive reads a response to its end; its second argument says whether another request follows
 */
export async function exchange(
  outgoing: Outgoing,
  { isFollowing, cookies, onUntraced }: Following,
  receive: (response: IncomingMessage, isRedirect: boolean) => Promise<void>,
): Promise<Outcome> {
  const startedAt = performance.now();
  const since = (): number => Math.round((performance.now() - startedAt) * 1000);
  let next: Outgoing | undefined = outgoing;
  let outcome: Outcome = { status: 0, head: 0, whole: 0 };
  for (let times = 0; next !== undefined; times++) {
    if (times > maxRedirects) throw new CommandError(`there are more than ${maxRedirects} redirects`);
    const current: Outgoing = next;
    next = undefined;
    await send(withCookies(current, cookies), async (response) => {
      const head = since();
      cookies.take(current.url, response.headers['set-cookie'] ?? []);
      next = isFollowing ? redirected(current, response) : undefined;
      if (next !== undefined && next.url.hostname !== current.url.hostname) onUntraced(next.url.hostname);
      await receive(response, next !== undefined);
      outcome = { status: response.statusCode ?? 0, head, whole: since() };
    });
  }
  return outcome;
}

function withCookies(outgoing: Outgoing, cookies: Cookies): Outgoing {
  const cookie = cookies.headerFor(outgoing.url);
  if (cookie === undefined) return outgoing;
  // The value that -H gave stays in front.
  const name = nameIn(outgoing.headers, 'cookie') ?? 'Cookie';
  const given = [outgoing.headers[name] ?? []].flat();
  return { ...outgoing, headers: { ...outgoing.headers, [name]: [...given, cookie].join('; ') } };
}

function nameIn(headers: Headers, wanted: string): string | undefined {
  return Object.keys(headers).find((name) => name.toLowerCase() === wanted);
}

const statuses: ReadonlySet<number | undefined> = new Set([301, 302, 303, 307, 308]);

/** The request to which a response redirects; undefined if it does not redirect. */
function redirected(outgoing: Outgoing, { statusCode, headers }: IncomingMessage): Outgoing | undefined {
  const { location } = headers;
  if (!statuses.has(statusCode) || location === undefined) return undefined;
  const from = outgoing.url;
  if (!URL.canParse(location, from.href)) return undefined;
  const url = new URL(location, from);
  if (!/^https?:$/.test(url.protocol)) {
    throw new CommandError(`the redirect to ${url.protocol}// is not followed`);
  }
  if (url.hash === '') url.hash = from.hash;
  const isGet =
    statusCode === 303
      ? outgoing.method !== 'HEAD'
      : (statusCode === 301 || statusCode === 302) && outgoing.method === 'POST';
  const dropped = (name: string): boolean =>
    (url.hostname !== from.hostname && isTraceHeader(name)) ||
    (url.origin !== from.origin && /^(?:authorization|cookie|host)$/i.test(name)) ||
    (isGet && /^content-/i.test(name));
  const kept = Object.entries(outgoing.headers).filter(([name]) => !dropped(name));
  return {
    ...outgoing,
    url,
    method: isGet ? 'GET' : outgoing.method,
    body: isGet ? undefined : outgoing.body,
    headers: Object.fromEntries(kept),
  };
}
