// Says why headers are refused, for people who look for their trace. The reasons reveal nothing of a key.
import {
  hmacHeader,
  hmacName,
  infoHeader,
  infoName,
  signedSeconds,
  timeHeader,
  timeName,
} from './headers.js';
import { unpack, verify } from './signing.js';

/** The beginnings of the reasons for a key that does not fit, and for the age. */
export const refusedForKey = 'none of the keys in OSTRACE_HMAC_KEYS signed it';
export const refusedForAge = 'it is older than OSTRACE_HMAC_MAX_AGE allows';

type Headers = Readonly<Record<string, unknown>>;

/** The reason why `verifyHeaders` refuses headers. */
export function whyRefused(headers: Headers, hmac_keys: readonly string[]): string {
  if (headers[infoName] === undefined) return `there is no ${infoHeader} beside it`;
  if (hmac_keys.length === 0) return 'no key is configured (OSTRACE_HMAC_KEYS)';
  if (headers[hmacName] === undefined) return `there is no ${hmacHeader} beside it`;
  if (unpack(headers[infoName], headers[hmacName], hmac_keys) === undefined)
    return `${refusedForKey}, or it is damaged`;
  const signed = verify(headers[infoName], headers[hmacName], hmac_keys);
  if (signed === undefined) return 'its ids are not UUIDs';
  if (headers[timeName] === undefined) {
    return `OSTRACE_HMAC_MAX_AGE is set, and there is no ${timeHeader} beside it`;
  }
  return signedSeconds(headers, signed.hmac_key) === undefined
    ? `its ${timeHeader} is damaged, or signed with another key or for another ${infoHeader}`
    : `${refusedForAge}, or the clocks differ`;
}

/** How many seconds ago headers were signed, by this clock; undefined unless they say it. */
export function ageOf(headers: Headers, hmac_keys: readonly string[]): number | undefined {
  const signed = verify(headers[infoName], headers[hmacName], hmac_keys);
  const seconds = signed && signedSeconds(headers, signed.hmac_key);
  return seconds === undefined ? undefined : Math.round(Date.now() / 1000 - seconds);
}
