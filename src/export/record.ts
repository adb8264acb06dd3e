// An event in a ring: the ids, the time and what it says, in the form that costs the application's thread
// least. The exporter's thread makes OSProfiler's line of JSON of it (`serializer.ts`).
import { elapsed } from '../trace/clock.js';
import type { Context } from '../trace/context.js';
import type { Info } from '../trace/event.js';
import { idWords } from '../trace/ids.js';
import { FixedInfo, stringifyInfo } from '../trace/info.js';
import type { Message, Payload } from '../trace/point.js';
import { createStamp } from '../trace/stamp.js';
import { putMembers } from './quick-json.js';
import { type Ring, commit, reserve } from './ring.js';

// A record, in words of four bytes: its length, the length of the point's name and the message, the time (two
// words), the ids of trace, point and parent; then the name and, from the next whole word on, the info, as text.
export const headWord = 1;
export const timeWord = 2;
export const idsWord = 4;
export const nameByte = 4 * (idsWord + 3 * idWords);
export const wholeWords = (bytes: number): number => (bytes + 3) & ~3;
/** In the word with the length of the name. */
export const stopBit = 0x1_0000;

/** Nearly all that points say is shorter than a tenth of this. */
const quickBytes = 4096;

// What is said is encoded here before there is any record: a getter of the application's may start points of its
// own, and those come first.
const scratchWords = new Int32Array(quickBytes / 4);
const scratch = Buffer.from(scratchWords.buffer);
let isEncoding = false;

/**
 * Writes an event into a ring.
 *
 * @param at when it was, in milliseconds on the monotonic clock
 * @returns whether the reader is asleep and has to be woken
 */
export function writeEvent(
  ring: Ring,
  context: Context,
  message: Message,
  said: Payload,
  at = elapsed(),
): boolean {
  const ms = context.trace.anchoredMs + at;
  if (said === undefined) return writeWords(ring, context, message, ms, scratchWords, 0);
  if (typeof said === 'object' && said !== null && FixedInfo.is(said)) {
    const { words, length } = encoded.of(said) ?? encodeOnce(said);
    return writeWords(ring, context, message, ms, words, length);
  }
  const length = encode(said);
  return length < 0
    ? writeText(ring, context, message, ms, stringifyInfo(said))
    : writeWords(ring, context, message, ms, scratchWords, length);
}

/** The JSON of an info, without its closing brace, so that the host can be added. */
interface Encoded {
  readonly words: Int32Array;
  /** In bytes. */
  readonly length: number;
}

/** What says the same each time is encoded once: to write it is then a copy, and a tenth of the price. */
const encoded = createStamp<Encoded>();

function encodeOnce(fixed: FixedInfo): Encoded {
  const bytes = Buffer.from(stringifyInfo(fixed.info));
  const words = new Int32Array(wholeWords(bytes.length) / 4);
  bytes.copy(Buffer.from(words.buffer));
  const its = { words, length: bytes.length };
  encoded.put(fixed, its);
  return its;
}

/** @returns how many bytes it took of the scratch; negative where it needs the words of `stringifyInfo` */
function encode(info: Info): number {
  if (isEncoding) return -1;
  isEncoding = true;
  try {
    return putMembers(scratch, 0, quickBytes, info);
  } catch {
    return -1; // a getter of the application's: the other one says what can be read
  } finally {
    isEncoding = false;
  }
}

function writeWords(
  ring: Ring,
  context: Context,
  message: Message,
  ms: number,
  said: Int32Array,
  length: number,
): boolean {
  const { words } = ring;
  const at = reserve(ring, headBytes(context) + wholeWords(length));
  if (at < 0) return false;
  const start = putHead(ring, at, context, message, ms);
  for (let i = 0, to = start >> 2; 4 * i < length; i++) words[to + i] = said[i]!;
  return commit(ring, at, start + length - at);
}

function writeText(ring: Ring, context: Context, message: Message, ms: number, text: string): boolean {
  const at = reserve(ring, headBytes(context) + 3 * text.length);
  if (at < 0) return false;
  const start = putHead(ring, at, context, message, ms);
  return commit(ring, at, start + ring.bytes.write(text, start) - at);
}

/** The most that a record has before what its point says. A UTF-16 unit takes three bytes at the most. */
const headBytes = ({ point }: Context): number => wholeWords(nameByte + 3 * point.length);

/** @returns where what is said begins, in bytes */
function putHead(ring: Ring, at: number, context: Context, message: Message, ms: number): number {
  const { words, bytes } = ring;
  const first = at >> 2;
  ring.doubles[(first + timeWord) >> 1] = ms;
  context.trace.id.copyTo(words, first + idsWord);
  context.id.copyTo(words, first + idsWord + idWords);
  context.parent.copyTo(words, first + idsWord + 2 * idWords);
  const end = putName(bytes, at + nameByte, context.point);
  words[first + headWord] = (end - at - nameByte) | (message === 'stop' ? stopBit : 0);
  return wholeWords(end);
}

function putName(bytes: Buffer, at: number, name: string): number {
  for (let i = 0; i < name.length; i++) {
    const code = name.charCodeAt(i);
    if (code > 0x7e) return at + bytes.write(name, at);
    bytes[at + i] = code;
  }
  return at + name.length;
}
