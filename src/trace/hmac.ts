// The HMAC-SHA1 that OSProfiler signs with.
import { loadCrypto } from './ids.js';

/** In hex. */
export const hmacLength = 40;

// Two UUIDs in JSON are 106 characters, in base64 144. Escapes and blanks that other writers add fit in
// a kilobyte; all that is longer is refused before it costs an HMAC.
export const maxInfoLength = 1024;

/**
 * The HMAC-SHA1 of a text, in hex. Made of two hashes, as RFC 2104 defines it: `createHmac` makes three
 * objects that are collected, and takes twice as long.
 */
export function hmacOf(text: string, hmac_key: string): string {
  const { hash, createHmac } = loadCrypto();
  // Longer than any of ours: there is no room for it below.
  if (text.length > maxTextLength) {
    return createHmac('sha1', hmac_key).update(text).digest('hex');
  }
  const { inner, outer } = padsOf(hmac_key);
  const length = inner.write(text, blockBytes);
  outer.write(hash('sha1', inner.subarray(0, blockBytes + length), 'binary'), blockBytes, 'latin1');
  return hash('sha1', outer, 'hex');
}

/** Says among how many keys a signature's is looked for: what is known of each of them is kept. */
export function expectKeys(count: number): void {
  if (2 * count > mostPads) mostPads = 2 * count;
}

const blockBytes = 64;
const hashBytes = 20;
// The info, and the time that is signed before it.
const maxTextLength = maxInfoLength + 64;

/** What is hashed for a key: it fills the first block of each. */
interface Pads {
  readonly inner: Buffer;
  readonly outer: Buffer;
}

// To make them takes three times as long as the hashes. There is room for twice the configured keys, as the API
// may bring any number of others; the first to come are the first to go.
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
 * Compares two of them in a time that does not tell where they differ. `timingSafeEqual` wants buffers, and
 * to fill them takes several times as long.
 */
export function isSameHmac(a: string, b: string): boolean {
  let difference = a.length ^ b.length;
  for (let i = 0; i < hmacLength; i++) difference |= a.charCodeAt(i) ^ b.charCodeAt(i);
  return difference === 0;
}
