// Decides which requests are answered: those of our own page alone. A page of another site in the same browser, and a
// name of another site that leads to this address (DNS rebinding), are refused.
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';

import { Refusal } from './answer.js';

/** The header with which our page says that a request is its own: a form cannot send it. */
const ownHeader = 'x-ostrace';
/** The header that carries the token, where one is asked for. */
const tokenHeader = 'x-ostrace-token';

export interface Guarded {
  /** The hosts and ports by which the server may be called, in lower case. */
  isOurs(host: string): boolean;
  /** Undefined if anybody who reaches the address may read. */
  readonly token: string | undefined;
}

/**
 * Lets a request pass, or says why not.
 *
 * @param isData whether it asks for something of the store: the page itself holds nothing, so anybody may have it
 * @throws Refusal
 */
export function admit(request: IncomingMessage, isData: boolean, { isOurs, token }: Guarded): void {
  const { method = '', headers } = request;
  const host = headers.host?.toLowerCase() ?? '';
  if (!isOurs(host)) {
    throw new Refusal(
      421,
      `this server is not called "${host.slice(0, 100)}"; open the address that ostrace ui has printed`,
    );
  }
  assertSameSite(headers, host, isData);
  if (!isData && method !== 'GET' && method !== 'HEAD') throw methodRefusal('GET, HEAD');
  if (isData && token !== undefined && !isEqual(headers[tokenHeader], token)) {
    throw new Refusal(
      401,
      'the token is missing or wrong; open the whole address that ostrace ui has printed, with its #token=…',
    );
  }
}

export const methodRefusal = (allowed: string): Refusal =>
  new Refusal(405, `this address takes ${allowed} only`, { Allow: allowed });

/**
 * Lets a request pass that does something.
 *
 * @throws Refusal
 */
export function admitPost({ headers }: IncomingMessage): void {
  if (headers[ownHeader] === undefined)
    throw new Refusal(403, 'only the page of ostrace ui may ask for this');
  if (!/^application\/json(?:;|$)/i.test(headers['content-type'] ?? '')) {
    throw new Refusal(415, 'the body has to be application/json');
  }
}

/** Browsers say where a request comes from; programs that are no browsers say nothing, and are nobody's page. */
function assertSameSite(headers: IncomingHttpHeaders, host: string, isData: boolean): void {
  const { origin } = headers;
  const site = headers['sec-fetch-site'];
  const isLink =
    !isData && headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document';
  const isOwnOrigin = origin === undefined || origin.toLowerCase() === `http://${host}`;
  const isOwnSite = site === undefined || site === 'same-origin' || site === 'none';
  if (isLink || (isOwnOrigin && isOwnSite)) return;
  throw new Refusal(403, 'the request comes from another site; only the page of ostrace ui may ask');
}

/** Hashes have one length, and to compare them takes one time. */
function isEqual(given: unknown, token: string): boolean {
  const hash = (text: string): Buffer => createHash('sha256').update(text).digest();
  return typeof given === 'string' && timingSafeEqual(hash(given), hash(token));
}
