// The ids of traces and points: UUIDs, kept in the form in which events are written.

// The 8-4-4-4-12 form in either case: OSProfiler's peers send both, and the form is safe as a file name.
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Whether a value is a UUID in its hyphenated form. */
export function isUuid(value: unknown): value is string {
  return typeof value === 'string' && value.length === 36 && uuid.test(value);
}

let crypto: typeof import('node:crypto') | undefined;

/** `node:crypto` takes 3 to 9 ms to load, so it is loaded when the first header or point needs it. */
export function loadCrypto(): typeof import('node:crypto') {
  return (crypto ??= require('node:crypto') as typeof import('node:crypto'));
}

/** A new random id for a trace, as text. */
export function newId(): string {
  return loadCrypto().randomUUID();
}

/** The length of a UUID's text, 36 characters of ASCII, in words of four bytes. */
export const idWords = 9;

/**
 * The id of a trace or a point: a UUID as 36 bytes of ASCII, in words of four bytes. An event has three ids, and
 * writing one of them is a copy of nine words; as texts, the ids would be half of what an event costs.
 */
export class Id {
  readonly #words: Int32Array;
  /** The word at which the id begins. */
  readonly #at: number;

  constructor(words: Int32Array, at: number) {
    this.#words = words;
    this.#at = at;
  }

  get text(): string {
    return idTextIn(this.#words, this.#at);
  }

  /** Writes the text's bytes. */
  copyTo(words: Int32Array, at: number): void {
    const own = this.#words;
    const from = this.#at;
    for (let i = 0; i < idWords; i++) words[at + i] = own[from + i]!;
  }
}

/** The text of an id that `copyTo` has written. */
export function idTextIn(words: Int32Array, at: number): string {
  for (let i = 0; i < idWords; i++) scratchWords[i] = words[at + i]!;
  return scratch.toString('latin1');
}

// Kept, because asking a small array for its buffer makes V8 create one, at ten times the price of copying its
// words.
const scratchWords = new Int32Array(idWords);
const scratch = Buffer.from(scratchWords.buffer);

// Asking for the random bytes of one id costs as much as asking for this many.
const idsAtOnce = 128;
// This many ids share memory, and an id that somebody keeps keeps the memory of all of them.
const idsTogether = 16;
let given = new Int32Array(0);
let nextGiven = 0;
const random = new Uint8Array(16 * idsAtOnce);
let randomAt = random.length;
let words = new Int32Array(0);
let next = 0;

/** @param text a UUID, whose case is kept, because stores look it up as it came */
export function idOf(text: string): Id {
  if (nextGiven === given.length) {
    given = new Int32Array(idWords * idsTogether);
    nextGiven = 0;
  }
  scratch.write(text, 'latin1');
  const id = new Id(given, nextGiven);
  for (let i = 0; i < idWords; i++) given[nextGiven++] = scratchWords[i]!;
  return id;
}

/** A new random id for a point. */
export function newPointId(): Id {
  if (next === words.length) refill();
  const id = new Id(words, next);
  next += idWords;
  return id;
}

const hex = Array.from('0123456789abcdef', (digit) => digit.charCodeAt(0));
const hyphen = 0x2d;

/** They go into new memory, because ids that are in use are in the old memory. */
function refill(): void {
  if (randomAt === random.length) {
    loadCrypto().randomFillSync(random);
    randomAt = 0;
  }
  words = new Int32Array(idWords * idsTogether);
  next = 0;
  const bytes = new Uint8Array(words.buffer);
  let to = 0;
  for (let i = 0; i < 16 * idsTogether; i++) {
    const at = i % 16;
    let byte = random[randomAt++]!;
    // RFC 9562: version 4, variant 10.
    if (at === 6) byte = (byte & 0x0f) | 0x40;
    else if (at === 8) byte = (byte & 0x3f) | 0x80;
    if (at === 4 || at === 6 || at === 8 || at === 10) bytes[to++] = hyphen;
    bytes[to++] = hex[byte >> 4]!;
    bytes[to++] = hex[byte & 15]!;
  }
}
