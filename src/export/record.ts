// Writes an event as a record into a ring, in the form that is cheapest for the application's thread. The
// exporter's thread makes OSProfiler's line of JSON from it (`serializer.ts`).
//
// A record, in words of four bytes. It begins at a multiple of eight bytes, for the sake of the time:
//
//    word 0       the length of the record in bytes; `ring.ts` writes it last
//    word 1       the length of the point's name in bytes; above it, the bits for a stop and for what is known of
//                 the loop and of the CPU time
//    words 2, 3   the time, a double: milliseconds since 1970
//    words 4, 5   how long the thread's event loop has waited for events, a double: milliseconds
//    words 6, 7   the CPU time of the process, a double: milliseconds
//    words 8, 9   for how long the loop had been busy when a request began, a double: milliseconds
//    word 10      the number of the loop's iteration
//    word 11      the number of the thread
//    words 12-38  the ids of the trace, the point and the parent, 36 characters of ASCII (nine words) each
//    then         the name, filled up to a whole word; then the info as JSON without its closing brace
//
// The price is a copy of words. A line of JSON in its place cost the application's thread seven times as much; as
// texts, the ids alone would be half of what an event costs. Everything that is the same for all events of a process (project, service,
// host) is left to the serializer. An info that never changes is encoded once (`FixedInfo`) and copied.
import { takeBusyBefore } from '../trace/busy.js';
import { elapsed } from '../trace/clock.js';
import type { Context } from '../trace/context.js';
import type { Info } from '../trace/event.js';
import { idWords } from '../trace/ids.js';
import { FixedInfo, stringifyInfo } from '../trace/info.js';
import { cpuMs, hasLoop, idleMs, loopThread, turn } from '../trace/loop.js';
import type { Message, Payload } from '../trace/point.js';
import { putMembers } from './quick-json.js';
import { type Ring, commit, reserve } from './ring.js';

// The places of the fields above, in words and in bytes.
export const headWord = 1;
export const timeWord = 2;
export const idleWord = 4;
export const cpuWord = 6;
export const busyWord = 8;
export const turnWord = 10;
export const threadWord = 11;
export const idsWord = 12;
export const nameByte = 4 * (idsWord + 3 * idWords);
export const wholeWords = (bytes: number): number => (bytes + 3) & ~3;
/** The bits above the length of the name: it is a stop; what is there: the loop's facts, the CPU time, the busy time. */
export const stopBit = 0x1_0000;
export const loopBit = 0x2_0000;
export const cpuBit = 0x4_0000;
export const busyBit = 0x8_0000;
export const nameLengthIn = (head: number): number => head & (stopBit - 1);

/** Nearly everything that points say is shorter than a tenth of this. */
const quickBytes = 4096;

// The info is encoded here before there is any record: a getter of the application may start points of its own, and
// the records of those must come first.
const scratchWords = new Int32Array(quickBytes / 4);
const scratch = Buffer.from(scratchWords.buffer);
let isEncoding = false;

/**
 * Writes an event into a ring.
 *
 * @param tellsCpu whether the event has the CPU time
 * @param at when it was, if it is not now, in milliseconds on the monotonic clock
 * @returns whether the reader is asleep and has to be woken
 */
export function writeEvent(
  ring: Ring,
  context: Context,
  message: Message,
  said: Payload,
  tellsCpu: boolean,
  at?: number,
): boolean {
  const ms = context.trace.anchoredMs + (at ?? elapsed());
  let bits = message === 'stop' ? stopBit : 0;
  // The loop's clocks tell nothing of an event that is past.
  if (at === undefined && hasLoop()) bits |= tellsCpu ? loopBit | cpuBit : loopBit;
  if (said === undefined) return writeWords(ring, context, bits, ms, scratchWords, 0);
  if (typeof said === 'object' && said !== null && FixedInfo.is(said)) {
    const { words, length } = (said.encoding as Encoded | undefined) ?? encodeOnce(said);
    return writeWords(ring, context, bits, ms, words, length);
  }
  const length = encode(said);
  return length < 0
    ? writeText(ring, context, bits, ms, stringifyInfo(said))
    : writeWords(ring, context, bits, ms, scratchWords, length);
}

/** The JSON of an info, without its closing brace, so that the host can be added. */
interface Encoded {
  readonly words: Int32Array;
  /** In bytes. */
  readonly length: number;
}

/** Encodes what says the same each time: to write it is then a copy, and a tenth of the price. */
function encodeOnce(fixed: FixedInfo): Encoded {
  const bytes = Buffer.from(stringifyInfo(fixed.info));
  const words = new Int32Array(wholeWords(bytes.length) / 4);
  bytes.copy(Buffer.from(words.buffer));
  const its = { words, length: bytes.length };
  fixed.encoding = its;
  return its;
}

/** @returns how many bytes of the scratch it took; negative if `stringifyInfo` has to write it */
function encode(info: Info): number {
  if (isEncoding) return -1;
  isEncoding = true;
  try {
    return putMembers(scratch, 0, quickBytes, info);
  } catch {
    return -1; // a getter of the application threw: `stringifyInfo` writes what can be read
  } finally {
    isEncoding = false;
  }
}

function writeWords(
  ring: Ring,
  context: Context,
  bits: number,
  ms: number,
  said: Int32Array,
  length: number,
): boolean {
  const { words } = ring;
  const at = reserve(ring, headBytes(context) + wholeWords(length));
  if (at < 0) return false;
  const start = putHead(ring, at, context, bits, ms);
  for (let i = 0, to = start >> 2; 4 * i < length; i++) words[to + i] = said[i]!;
  return commit(ring, at, start + length - at);
}

function writeText(ring: Ring, context: Context, bits: number, ms: number, text: string): boolean {
  const at = reserve(ring, headBytes(context) + 3 * text.length);
  if (at < 0) return false;
  const start = putHead(ring, at, context, bits, ms);
  return commit(ring, at, start + ring.bytes.write(text, start) - at);
}

/** The most bytes that a record can have before its info. A UTF-16 unit takes at most three bytes. */
const headBytes = ({ point }: Context): number => wholeWords(nameByte + 3 * point.length);

/** @returns where the info begins, in bytes */
function putHead(ring: Ring, at: number, context: Context, bits: number, ms: number): number {
  const { words, bytes } = ring;
  const first = at >> 2;
  ring.doubles[(first + timeWord) >> 1] = ms;
  context.trace.id.copyTo(words, first + idsWord);
  context.id.copyTo(words, first + idsWord + idWords);
  context.parent.copyTo(words, first + idsWord + 2 * idWords);
  const end = putName(bytes, at + nameByte, context.point);
  words[first + headWord] =
    (end - at - nameByte) | (bits & loopBit ? putLoop(ring, first, context, bits, ms) : bits);
  return wholeWords(end);
}

/**
 * How old the CPU time at a start may be, in milliseconds. The difference to that of the stop is too great by at most
 * what the process has computed in this time.
 */
const oldestCpuMs = 5;

/** @returns the bits of what it could put */
function putLoop(
  { words, doubles }: Ring,
  first: number,
  { point, trace }: Context,
  given: number,
  ms: number,
): number {
  let bits = given;
  if (point === 'wsgi' && (bits & stopBit) === 0) {
    const busy = takeBusyBefore();
    if (busy > 0) {
      doubles[(first + busyWord) >> 1] = busy;
      bits |= busyBit;
    }
  }
  doubles[(first + idleWord) >> 1] = idleMs();
  words[first + turnWord] = turn();
  words[first + threadWord] = loopThread;
  if ((bits & cpuBit) === 0) return bits;
  const cpu = cpuMs(ms - trace.anchoredMs, (bits & stopBit) === 0 ? oldestCpuMs : 0);
  if (cpu === undefined) return bits & ~cpuBit;
  doubles[(first + cpuWord) >> 1] = cpu;
  return bits;
}

function putName(bytes: Buffer, at: number, name: string): number {
  for (let i = 0; i < name.length; i++) {
    const code = name.charCodeAt(i);
    if (code > 0x7e) return at + bytes.write(name, at);
    bytes[at + i] = code;
  }
  return at + name.length;
}
