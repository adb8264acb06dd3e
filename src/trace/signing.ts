// Signs and verifies what carries a trace, in OSProfiler's format.
//
// The price of a header that is verified or signed: two hashes of OpenSSL, about 1 µs, and half a microsecond for
// base64. A text of the usual form is read at fixed places, for half the price of parsing it. Lengths and alphabets
// are checked before the first hash, because anybody can send a header.
import { expectKeys, hmacLength, hmacOf, isSameHmac, maxInfoLength } from './hmac.js';
import { isUuid } from './ids.js';

/** A trace as it travels: the base64 text and its signature. */
export interface SignedTrace {
  readonly info: string;
  readonly hmac: string;
}

/** The content of a verified header. */
export interface VerifiedTrace {
  readonly base_id: string;
  /** The sender's current point; the trace itself if the header names no point. */
  readonly parent_id: string;
  /** The key that verified the header. It signs the requests that follow. */
  readonly hmac_key: string;
}

const plainBase64 = /^[A-Za-z0-9+/_-]+={0,2}$/;
// The payload that OSProfiler and we send, with an `x` for each digit of an id.
const anyId = 'xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx';
const usualText = `{"base_id": "${anyId}", "parent_id": "${anyId}"}`;
const usualPayload = Buffer.from(usualText);
const usualLength = usualPayload.toString('base64').length;
const baseAt = usualText.indexOf(anyId);
const parentAt = usualText.lastIndexOf(anyId);
const anyDigit = 'x'.charCodeAt(0);
const padding = '='.charCodeAt(0);
const scratch = Buffer.alloc(usualLength);
// Matches what no payload with UUIDs has, however it is written. Parsing hundreds of levels would take 30 µs.
const nested = /[[\]]|\{[^{]*\{/;
const plainAscii = /^[\t\n\r -~]*$/;
const decimals = '0123456789';
const isBase64Digit = charactersOf(`ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz${decimals}+/_-`);
const isHexDigit = charactersOf(`${decimals}abcdefABCDEF`);
const isLowerHexDigit = charactersOf(`${decimals}abcdef`);

/**
 * Makes a table that says for each byte whether it is one of these characters; a regular expression takes some
 * hundred nanoseconds more.
 */
function charactersOf(characters: string): Uint8Array {
  const table = new Uint8Array(256);
  for (let i = 0; i < characters.length; i++) table[characters.charCodeAt(i)] = 1;
  return table;
}

/**
 * Signs a payload as OSProfiler's `signed_pack` does: Python's JSON in base64url with padding, and the HMAC-SHA1 of
 * that text in hex.
 *
 * @param payload its keys in the order in which they are to be written
 */
export function sign(payload: Readonly<Record<string, string>>, hmac_key: string): SignedTrace {
  const members = Object.entries(payload).map(
    ([name, value]) => `${pythonString(name)}: ${pythonString(value)}`,
  );
  const info = base64url(`{${members.join(', ')}}`);
  return { info, hmac: hmacOf(info, hmac_key) };
}

/**
 * Signs the ids of a context. It is `sign` for the one payload on the hot path. UUIDs need no escapes, so the JSON
 * is a template.
 */
export function signIds(base_id: string, parent_id: string, hmac_key: string): SignedTrace {
  const info = base64url(`{"base_id": "${base_id}", "parent_id": "${parent_id}"}`);
  return { info, hmac: hmacOf(info, hmac_key) };
}

/**
 * Checks a signed payload and that it names a trace: `unpack`, and then that its ids are UUIDs. OSProfiler accepts
 * any JSON value as an id; ours go into file names and queries.
 *
 * @returns undefined if it is not to be traced; it never throws and never logs
 */
export function verify(
  info: unknown,
  hmac: unknown,
  hmac_keys: readonly string[],
): VerifiedTrace | undefined {
  const hmac_key = signerOf(info, hmac, hmac_keys);
  if (hmac_key === undefined) return undefined;
  return usualTrace(info as string, hmac_key) ?? anyTrace(info as string, hmac_key);
}

/** The trace that a text names, whoever has signed it. */
export function baseIdIn(info: string): string | undefined {
  if (info.length === 0 || info.length > maxInfoLength) return undefined;
  return (usualTrace(info, '') ?? anyTrace(info, ''))?.base_id;
}

/** The ids of a payload in the form in which OSProfiler and we write it, for half the price of parsing it. */
function usualTrace(info: string, hmac_key: string): VerifiedTrace | undefined {
  // With this length and padding, there is no room for characters that Node skips and Python does not.
  if (info.length !== usualLength || info.charCodeAt(usualLength - 1) !== padding) return undefined;
  if (scratch.write(info, 'base64') !== usualPayload.length) return undefined;
  for (let i = 0; i < usualPayload.length; i++) {
    const wanted = usualPayload[i]!;
    const given = scratch[i]!;
    if (wanted === anyDigit ? isHexDigit[given] !== 1 : wanted !== given) return undefined;
  }
  return {
    base_id: scratch.toString('latin1', baseAt, baseAt + anyId.length),
    parent_id: scratch.toString('latin1', parentAt, parentAt + anyId.length),
    hmac_key,
  };
}

function anyTrace(info: string, hmac_key: string): VerifiedTrace | undefined {
  const payload = decode(info, nested);
  if (payload === undefined) return undefined;
  const { base_id, parent_id = base_id, hmac_key: _sent, ...rest } = payload;
  if (!isUuid(base_id) || !isUuid(parent_id) || Object.keys(rest).length > 0) return undefined;
  return { base_id, parent_id, hmac_key };
}

/**
 * OSProfiler's `signed_unpack`: the payload, with the key that verified it as `hmac_key`.
 *
 * @returns undefined unless one of the keys verifies it and it holds a JSON object
 */
export function unpack(
  info: unknown,
  hmac: unknown,
  hmac_keys: readonly string[],
): (Record<string, unknown> & { hmac_key: string }) | undefined {
  const hmac_key = signerOf(info, hmac, hmac_keys);
  const payload = hmac_key === undefined ? undefined : decode(info as string);
  return payload && { ...payload, hmac_key: hmac_key! };
}

/**
 * The key that signed a text. The cost of refusing is bounded, because lengths and the signature's alphabet are
 * checked before the first HMAC.
 */
function signerOf(info: unknown, hmac: unknown, hmac_keys: readonly string[]): string | undefined {
  if (typeof info !== 'string' || typeof hmac !== 'string') return undefined;
  if (info.length === 0 || info.length > maxInfoLength) return undefined;
  // Node trims a header's blanks; an environment variable or an RPC payload comes as it is.
  const signature = hmac.length > hmacLength ? hmac.slice(0, 4 * hmacLength).trim() : hmac;
  if (!isSignature(signature)) return undefined;
  expectKeys(hmac_keys.length);
  for (const hmac_key of hmac_keys) {
    if (isSameHmac(hmacOf(info, hmac_key), signature)) return hmac_key;
  }
  return undefined;
}

/** @param refused what the text must not have, to be refused before it is parsed */
function decode(info: string, refused?: RegExp): Record<string, unknown> | undefined {
  const digits = info.length % 4 === 0 && plainBase64.test(info) ? info : base64Digits(info);
  if (digits === undefined) return undefined;
  const { stackTraceLimit } = Error;
  // Making the stack of an error of `JSON.parse` costs as much as everything else; with frozen intrinsics, this
  // assignment fails.
  Reflect.set(Error, 'stackTraceLimit', 0);
  try {
    const text = textOf(Buffer.from(digits, 'base64'));
    if (refused?.test(text) === true) return undefined;
    const payload: unknown = JSON.parse(text);
    return typeof payload === 'object' && payload !== null && !Array.isArray(payload)
      ? (payload as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  } finally {
    Reflect.set(Error, 'stackTraceLimit', stackTraceLimit);
  }
}

function textOf(bytes: Buffer): string {
  const text = bytes.toString('latin1');
  // This is a tenth of the price of a decoder, and enough for everything that OSProfiler and we send.
  if (plainAscii.test(text)) return text;
  // Python refuses a byte order mark and invalid UTF-8.
  utf8 ??= new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  return utf8.decode(bytes);
}

/**
 * The digits that Python's decoder would read: it skips foreign characters and stops where the padding
 * completes a group of four, but refuses a group that is left incomplete.
 */
function base64Digits(text: string): string | undefined {
  const digits = Buffer.allocUnsafe(text.length);
  let length = 0;
  let pads = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    const inGroup = length % 4;
    if (code === padding) {
      if (inGroup >= 2 && inGroup + ++pads >= 4) return digits.toString('latin1', 0, length);
    } else if (isBase64Digit[code] === 1) {
      digits[length++] = code;
      pads = 0;
    }
  }
  return length % 4 === 0 ? digits.toString('latin1', 0, length) : undefined;
}

let utf8: InstanceType<typeof TextDecoder> | undefined;

function isSignature(text: string): boolean {
  if (text.length !== hmacLength) return false;
  for (let i = 0; i < hmacLength; i++) if (isLowerHexDigit[text.charCodeAt(i)] !== 1) return false;
  return true;
}

function base64url(ascii: string): string {
  return Buffer.from(ascii, 'latin1').toString('base64').replaceAll('+', '-').replaceAll('/', '_');
}

/** A string as Python's `json.dumps` writes it: all above `~` is escaped by UTF-16 unit. */
function pythonString(value: string): string {
  return JSON.stringify(value).replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
