// The HTTP headers that carry a trace: their names, how they are signed, and how they are checked.
import { hmacOf, isSameHmac } from './hmac.js';
import { type VerifiedTrace, signIds, verify } from './signing.js';

/** The two headers that carry a trace for OSProfiler, in the spelling that it sends. */
export const infoHeader = 'X-Trace-Info';
export const hmacHeader = 'X-Trace-HMAC';

/**
 * Our own header: when the two were signed, as `<seconds since 1970>.<HMAC of that, a dot and the info>`, so that a
 * receiver can refuse old ones. It is a header of its own because OSProfiler's readers refuse a payload with
 * anything but ids, and ignore headers that they do not know.
 */
export const timeHeader = 'X-Trace-Time';

/** The three names in lower case, as `request.headers` and HTTP/2 have them. */
export const infoName: string = infoHeader.toLowerCase();
export const hmacName: string = hmacHeader.toLowerCase();
export const timeName: string = timeHeader.toLowerCase();

const timeForm = /^(\d{1,12})\.([0-9a-f]{40})$/;

/** The names of all trace headers. */
export const traceHeaderNames: readonly string[] = [infoHeader, hmacHeader, timeHeader];

/** Whether a header, in any case, is one of those that carry a trace. */
export function isTraceHeader(name: string): boolean {
  const lower = name.toLowerCase();
  return lower === infoName || lower === hmacName || lower === timeName;
}

/** A request's headers, with names in lower case. */
type Headers = Readonly<Record<string, unknown>>;

/** The ids that headers carry, and the key that signs them. */
export interface Sender {
  readonly base_id: string;
  readonly parent_id: string;
  readonly hmac_key: string;
}

/**
 * The headers that carry a trace on. They always say when they were signed: the sender cannot know which of the
 * services behind it has `OSTRACE_HMAC_MAX_AGE`, and such a service would cut the trace off.
 */
export function traceHeaders({ base_id, parent_id, hmac_key }: Sender): Record<string, string> {
  const { info: signed, hmac: signature } = signIds(base_id, parent_id, hmac_key);
  return { [infoHeader]: signed, [hmacHeader]: signature, [timeHeader]: timeOf(signed, hmac_key) };
}

/**
 * Checks the headers of a request, with names in lower case.
 *
 * @param maxAgeSeconds how long headers are valid; they must then say when they were signed. Undefined means
 *   forever, as with OSProfiler
 * @returns undefined if the request is not to be traced; it never throws and never logs
 */
export function verifyHeaders(
  headers: Headers,
  hmac_keys: readonly string[],
  maxAgeSeconds: number | undefined,
): VerifiedTrace | undefined {
  const signed = verify(headers[infoName], headers[hmacName], hmac_keys);
  if (signed === undefined || maxAgeSeconds === undefined) return signed;
  return isFresh(headers, signed.hmac_key, maxAgeSeconds) ? signed : undefined;
}

function timeOf(signed: string, hmac_key: string): string {
  const seconds = Math.floor(Date.now() / 1000);
  return `${seconds}.${hmacOf(`${seconds}.${signed}`, hmac_key)}`;
}

/** Clocks of two machines differ, so a time in the near future is as good as a time in the near past. */
function isFresh(headers: Headers, hmac_key: string, maxAgeSeconds: number): boolean {
  const seconds = signedSeconds(headers, hmac_key);
  return seconds !== undefined && Math.abs(Date.now() / 1000 - seconds) < maxAgeSeconds;
}

/** When headers say that they were signed, in seconds since 1970; undefined unless that time is signed too. */
export function signedSeconds(headers: Headers, hmac_key: string): number | undefined {
  const given = headers[timeName];
  const [, seconds, signature = ''] = typeof given === 'string' ? (timeForm.exec(given) ?? []) : [];
  if (seconds === undefined) return undefined;
  return isSameHmac(signature, hmacOf(`${seconds}.${String(headers[infoName])}`, hmac_key))
    ? Number(seconds)
    : undefined;
}
