// Tells statements apart without their texts, so that a reader sees which calls repeat where statements are not
// recorded: a number that equal statements share whatever their values are, and the first word.
//
// The price: a text that was seen before is found in a map. A new one is masked, and its characters are read once.
import { type Dialect, maskLiterals } from './sql.js';

/** The facts that are recorded of a statement in the place of its text. */
export interface SqlDigest {
  /** The first word, in capitals: `SELECT`. */
  readonly verb: string;
  /** 16 hexadecimal digits. */
  readonly fingerprint: string;
  /** It asks for a page of rows: by an offset, or by where the page before it ended. */
  readonly paged?: true;
}

// An application may put values into its texts, so their number has no limit.
const mostTexts = 500;
// Statements that differ only behind this are the same to us.
const mostCharacters = 4000;

const byText = new Map<Dialect, Map<string, SqlDigest>>();
const byFingerprint = new Map<string, SqlDigest>();

/** The digest of a statement; equal statements have the same object, as long as there are not too many. */
export function digestOf(text: string, dialect: Dialect): SqlDigest {
  let texts = byText.get(dialect);
  if (texts === undefined) {
    texts = new Map();
    byText.set(dialect, texts);
  }
  let digest = texts.get(text);
  if (digest === undefined) {
    digest = newDigest(text, dialect);
    if (texts.size === mostTexts) texts.clear();
    texts.set(text, digest);
  }
  return digest;
}

let placeholder: RegExp | undefined;
let list: RegExp | undefined;
let word: RegExp | undefined;
let limit: RegExp | undefined;
let place: RegExp | undefined;

function newDigest(text: string, dialect: Dialect): SqlDigest {
  placeholder ??= /\$\d+/g;
  list ??= /\((?:\s*\?\s*,)*\s*\?\s*\)(?:\s*,\s*\((?:\s*\?\s*,)*\s*\?\s*\))*/g;
  word ??= /[a-z]+/i;
  limit ??= /\blimit\b/i;
  place ??= /\boffset\b|[<>]=?\s*\?/i;
  const plain = maskLiterals(text.slice(0, mostCharacters), dialect)
    .replace(placeholder, '?')
    // Lists of values, and of rows of values, are the same however long they are.
    .replace(list, '(?)')
    .replace(/\s+/g, ' ')
    .trim();
  const fingerprint = hashOf(plain);
  let digest = byFingerprint.get(fingerprint);
  if (digest === undefined) {
    const verb = (word.exec(plain)?.[0] ?? '').slice(0, 20).toUpperCase();
    const isPaged = limit.test(plain) && place.test(plain);
    digest = { verb, fingerprint, ...(isPaged && { paged: true }) };
    if (byFingerprint.size === mostTexts) byFingerprint.clear();
    byFingerprint.set(fingerprint, digest);
  }
  return digest;
}

/** Two hashes of the FNV family side by side: not for secrets, which the masked text does not hold. */
function hashOf(text: string): string {
  let a = 0x811c9dc5;
  let b = 0x9e3779b9;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    a = Math.imul(a ^ code, 0x01000193);
    b = Math.imul(b ^ code, 0x85ebca6b) ^ (b >>> 13);
  }
  return (a >>> 0).toString(16).padStart(8, '0') + (b >>> 0).toString(16).padStart(8, '0');
}
