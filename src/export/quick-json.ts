// Writes JSON straight into bytes. `JSON.stringify` and a copy of its text cost four times as much, and because
// this code watches the lengths, nothing has to be measured first. It handles what nearly every point says: plain
// objects of texts, numbers and booleans. `stringifyInfo` handles everything else. Both write the same JSON for
// what both can write.

const quote = 0x22;
const backslash = 0x5c;
const colon = 0x3a;
const comma = 0x2c;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const zero = 0x30;

/** Above this length, the loop over a text's characters costs more than the calls that copy it as a whole. */
const longText = 48;
const needsEscape = /[^ !#-[\]-~]/;

const maxLevels = 4;

/**
 * Writes a plain object without its closing brace, so that more can be added.
 *
 * @param at where to begin
 * @param limit the end of the room
 * @returns where it ends; negative if it does not fit or is not handled here, and the bytes there then mean nothing
 * @throws what a getter of the object throws
 */
export function putMembers(
  bytes: Buffer,
  at: number,
  limit: number,
  value: object,
  levels = maxLevels,
): number {
  if (levels === 0) return -1;
  const prototype: unknown = Object.getPrototypeOf(value);
  if ((prototype !== Object.prototype && prototype !== null) || 'toJSON' in value) return -1;
  bytes[at++] = openBrace;
  let isFirst = true;
  for (const name of Object.keys(value)) {
    const member = (value as Record<string, unknown>)[name];
    if (member === undefined) continue;
    if (!isFirst) bytes[at++] = comma;
    isFirst = false;
    at = putText(bytes, at, limit, name);
    if (at < 0) return at;
    bytes[at++] = colon;
    at = putValue(bytes, at, limit, member, levels - 1);
    if (at < 0) return at;
  }
  return at;
}

function putValue(bytes: Buffer, at: number, limit: number, value: unknown, levels: number): number {
  if (typeof value === 'string') return putText(bytes, at, limit, value);
  if (typeof value === 'number') return putNumber(bytes, at, limit, value);
  if (typeof value === 'boolean') return putAscii(bytes, at, limit, value ? 'true' : 'false');
  if (value === null) return putAscii(bytes, at, limit, 'null');
  if (typeof value !== 'object') return -1;
  const end = putMembers(bytes, at, limit, value, levels);
  if (end < 0) return end;
  bytes[end] = closeBrace;
  return end + 1;
}

function putText(bytes: Buffer, at: number, limit: number, text: string): number {
  const { length } = text;
  if (length > longText) return putLongText(bytes, at, limit, text);
  // Leaves room for what comes after it: a quote, a colon or a comma, braces.
  if (at + length + 2 * maxLevels > limit) return -1;
  let end = at;
  bytes[end++] = quote;
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i);
    if (code < 0x20 || code > 0x7e || code === quote || code === backslash) {
      return putEscaped(bytes, at, limit, text);
    }
    bytes[end++] = code;
  }
  bytes[end++] = quote;
  return end;
}

function putLongText(bytes: Buffer, at: number, limit: number, text: string): number {
  if (at + text.length + 2 * maxLevels > limit) return -1;
  if (needsEscape.test(text)) return putEscaped(bytes, at, limit, text);
  bytes[at] = quote;
  const end = at + 1 + bytes.write(text, at + 1, 'latin1');
  bytes[end] = quote;
  return end + 1;
}

function putEscaped(bytes: Buffer, at: number, limit: number, text: string): number {
  if (at + text.length > limit) return -1;
  const json = JSON.stringify(text);
  // A UTF-16 unit takes three bytes of UTF-8 at the most.
  return at + 3 * json.length + 2 * maxLevels > limit ? -1 : at + bytes.write(json, at);
}

function putNumber(bytes: Buffer, at: number, limit: number, value: number): number {
  const isSmall = value >= 0 && value < 1e9 && value === (value | 0);
  if (!isSmall) return Number.isFinite(value) ? putAscii(bytes, at, limit, JSON.stringify(value)) : -1;
  let digits = 1;
  for (let rest = value; rest >= 10; rest = (rest / 10) | 0) digits++;
  if (at + digits + 2 * maxLevels > limit) return -1;
  for (let i = at + digits - 1, rest = value; i >= at; i--) {
    bytes[i] = zero + (rest % 10);
    rest = (rest / 10) | 0;
  }
  return at + digits;
}

/** A short text that needs no quotes and no escapes. */
function putAscii(bytes: Buffer, at: number, limit: number, text: string): number {
  if (at + text.length + 2 * maxLevels > limit) return -1;
  for (let i = 0; i < text.length; i++) bytes[at + i] = text.charCodeAt(i);
  return at + text.length;
}
