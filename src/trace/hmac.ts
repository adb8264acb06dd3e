// The HMAC-SHA1 with which OSProfiler signs.
import { loadCrypto } from './ids.js';

/** The length of a signature in hexadecimal digits. */
export const hmacLength = 40;

// Two UUIDs in JSON have 106 characters, and 144 in base64. Escapes and blanks of other writers fit into a
// kilobyte. A longer text is refused before it costs an HMAC.
export const maxInfoLength = 1024;

/**
 * The HMAC-SHA1 of a text, in hex. It is made of two hashes, as RFC 2104 defines it, because `createHmac` makes
 * three objects that are collected, and takes twice as long.
 */
export function hmacOf(text: string, hmac_key: string): string {
  const { hash, createHmac } = loadCrypto();
  // Such a text is longer than any of ours, and there is no room for it below.
  if (text.length > maxTextLength) {
    return createHmac('sha1', hmac_key).update(text).digest('hex');
  }
  const { inner, outer } = padsOf(hmac_key);
  const length = inner.write(text, blockBytes);
  outer.write(hash('sha1', inner.subarray(0, blockBytes + length), 'binary'), blockBytes, 'latin1');
  return hash('sha1', outer, 'hex');
}

/** Says among how many keys the signer of a text is looked for, so that the pads of all of them are kept. */
export function expectKeys(count: number): void {
  if (2 * count > mostPads) mostPads = 2 * count;
}

const blockBytes = 64;
const hashBytes = 20;
// Room for the info, and for the time that is signed before it.
const maxTextLength = maxInfoLength + 64;

/** The bytes that are hashed for a key. They fill the first block of each hash. */
interface Pads {
  readonly inner: Buffer;
  readonly outer: Buffer;
}

// Making them takes three times as long as the hashes. There is room for twice the configured keys, because the API
// may bring any number of others. The oldest are removed first.
const pads = new Map<string, Pads>();
let mostPads = 32;

function padsOf(hmac_key: string): Pads {
  const known = pads.get(hmac_key);
  if (known !== undefined) return known;
  const given = Buffer.from(hmac_key);
  const block = given.length > blockBytes ? loadCrypto().createHash('sha1').update(given).digest() : given;
  const made: Pads = {
    inner: Buffer.alloc(blockBytes + 3 * maxTextLength),
    outer: Buffer.alloc(blockBytes + hashBytes),
  };
  for (let i = 0; i < blockBytes; i++) {
    const byte = block[i] ?? 0;
    made.inner[i] = byte ^ 0x36;
    made.outer[i] = byte ^ 0x5c;
  }
  pads.set(hmac_key, made);
  if (pads.size > mostPads) pads.delete(pads.keys().next().value!);
  return made;
}

/**
 * Compares two signatures in a time that does not reveal where they differ. `timingSafeEqual` wants buffers, and
 * filling them takes several times as long.
 */
export function isSameHmac(a: string, b: string): boolean {
  let difference = a.length ^ b.length;
  for (let i = 0; i < hmacLength; i++) difference |= a.charCodeAt(i) ^ b.charCodeAt(i);
  return difference === 0;
}
