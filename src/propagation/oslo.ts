// A trace in the messages of oslo.messaging, OpenStack's library for remote procedure calls: its services put the key
// itself and the ids into a call's context, which travels in the message's JSON. Nothing signs it, and everybody who
// can read the queue learns the key. So it is read and written only where that was asked for.
import { loadCrypto, isUuid } from '../trace/ids.js';
import { isSameHmac } from '../trace/hmac.js';
import type { VerifiedTrace } from '../trace/signing.js';

/** The settings that decide what is read and written. */
interface Settings {
  readonly osloRead: boolean;
  readonly osloWrite: boolean;
  readonly hmacKeys: readonly string[];
  readonly profile: string | undefined;
  readonly hmacMaxAge: number | undefined;
}

/** The trace in a message's content. */
export interface OsloMessages {
  /**
   * The trace that a message's content names, if its key is one of ours. It never throws. Undefined where nothing is
   * read.
   */
  readonly read: ((content: unknown) => VerifiedTrace | undefined) | undefined;
  /**
   * A copy of a call's content that names a trace; undefined if the content is no call of oslo.messaging, or names
   * one already. It never throws. Undefined where nothing is written.
   */
  readonly write: ((content: unknown, trace: VerifiedTrace) => Buffer | undefined) | undefined;
}

const envelopeName = 'oslo.message';
const traceName = '_context_trace_info';
// Anybody who can publish can send anything. Reading JSON of this length takes a millisecond or two.
const mostBytes = 256 * 1024;
const mostKeyLength = 1024;

export function osloMessages(settings: Settings): OsloMessages {
  const { osloRead, osloWrite, hmacKeys, profile, hmacMaxAge } = settings;
  const keys = profile === undefined ? hmacKeys : [...hmacKeys, profile];
  // Such a message does not say when it was sent, so that it can't be too old for those who ask for that.
  const canRead = osloRead && hmacMaxAge === undefined && keys.length > 0;
  return {
    read: canRead ? (content) => safely(() => traceIn(content, keys)) : undefined,
    write: osloWrite ? (content, trace) => safely(() => withTrace(content, trace)) : undefined,
  };
}

function safely<Result>(body: () => Result): Result | undefined {
  try {
    return body();
  } catch {
    return undefined; // not JSON, or not of this form
  }
}

function traceIn(content: unknown, keys: readonly string[]): VerifiedTrace | undefined {
  if (!isContent(content) || !content.includes(traceName)) return undefined;
  const info = memberOf(parsed(textIn(envelopeOf(content))), traceName) as Readonly<Record<string, unknown>>;
  const { base_id, parent_id, hmac_key } = info;
  if (!isUuid(base_id) || !isUuid(parent_id)) return undefined;
  if (typeof hmac_key !== 'string' || hmac_key.length > mostKeyLength || !isOneOf(hmac_key, keys)) {
    return undefined;
  }
  return { base_id, parent_id, hmac_key };
}

/**
 * The trace is put into the text, and what else is there stays as it is: reading and writing JSON would change its
 * numbers.
 */
function withTrace(content: unknown, { hmac_key, base_id, parent_id }: VerifiedTrace): Buffer | undefined {
  if (!isContent(content) || !content.includes(envelopeName)) return undefined;
  const envelope = envelopeOf(content);
  if (Object.values(envelope).some((value) => typeof value !== 'string')) return undefined;
  const text = textIn(envelope).trimEnd();
  const message = parsed(text);
  // An answer has no method, and carries no context.
  if (typeof memberOf(message, 'method') !== 'string' || Object.hasOwn(message, traceName)) return undefined;
  const info = JSON.stringify({ hmac_key, base_id, parent_id });
  const inner = `${text.slice(0, -1)}, ${JSON.stringify(traceName)}: ${info}}`;
  return Buffer.from(JSON.stringify({ ...envelope, [envelopeName]: inner }));
}

const isContent = (content: unknown): content is Buffer =>
  Buffer.isBuffer(content) && content.length <= mostBytes;

const envelopeOf = (content: Buffer): object => parsed(content.toString());
const textIn = (envelope: object): string => String(memberOf(envelope, envelopeName));

function parsed(text: string): object {
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new TypeError('no object');
  return value;
}

const memberOf = (of: object, name: string): unknown =>
  Object.hasOwn(of, name) ? (of as Readonly<Record<string, unknown>>)[name] : undefined;

/** Compares by hashes, and with all keys, in a time that does not tell how much of one is right. */
function isOneOf(given: string, keys: readonly string[]): boolean {
  const hashOf = (key: string): string => loadCrypto().createHash('sha1').update(key).digest('hex');
  const hash = hashOf(given);
  return keys.map((key) => isSameHmac(hashOf(key), hash)).includes(true);
}
