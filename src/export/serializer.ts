// Makes OSProfiler's lines of JSON from the records in a ring, in the exporter's thread.
import { Line } from '../drivers/line.js';
import { idTextIn, idWords } from '../trace/ids.js';
import {
  busyBit,
  busyWord,
  cpuBit,
  cpuWord,
  headWord,
  idleWord,
  idsWord,
  loopBit,
  nameByte,
  nameLengthIn,
  stopBit,
  threadWord,
  timeWord,
  turnWord,
  wholeWords,
} from './record.js';
import type { Ring } from './ring.js';

/** The members that all events of a process share, because they name its origin. */
export interface Source {
  readonly host: string;
  readonly project: string;
  readonly service: string;
}

/**
 * Makes lines of the records that a process writes. Names were made safe when they came in, so they need no
 * escapes.
 */
export function createSerializer(source: Source): (ring: Ring, at: number, length: number) => Line {
  let page = new Page(4096, source);
  return (ring, at, length) => {
    if (page.room < length) page = new Page(2 * length, source);
    return page.lineOf(ring, at, length);
  };
}

const opening = Buffer.from('{"name":"');
const starts = Buffer.from('-start');
const stops = Buffer.from('-stop');
const idBytes = 4 * idWords;
const id = ' '.repeat(idBytes);
const time = '2026-11-28T12:34:56.123456';
const secondLength = time.length - 6;
// The part of all lines between the name and the info. The ids and the time are filled in.
const toBase = '","base_id":"';
const toPoint = `${toBase}${id}","trace_id":"`;
const toParent = `${toPoint}${id}","parent_id":"`;
const toTime = `${toParent}${id}","timestamp":"`;
const middle = `${toTime}${time}","info":`;

// The facts of the loop, between the info and its end. The first part of the loop's name is the same for the process.
const toThread = Buffer.from(`,"loop":{"id":"${process.pid}.`);
const toIdle = Buffer.from('","idle_ms":');
const toTurn = Buffer.from(',"turn":');
const toBusy = Buffer.from(',"busy_before_ms":');
const toCpu = Buffer.from(',"cpu_ms":');
/** The most bytes that they take. */
const loopBytes = 256;

const zero = 0x30;
const dot = 0x2e;
const closeBrace = 0x7d;
const openBrace = 0x7b;
/** The bit that no ASCII character has, in each byte of a word. */
const beyondAscii = 0x80808080 | 0;

/**
 * The buffer in which lines are put together. The parts of a line are copied, as bytes, around a middle that stays,
 * and the whole becomes one text. A line that is concatenated from texts costs three times as much, most of it when
 * a driver finally joins it.
 */
class Page {
  /** The longest record that fits. */
  readonly room: number;
  readonly #words: Int32Array;
  readonly #bytes: Buffer;
  /** The beginning of the info: at a whole word, as in a record. */
  readonly #info: number;
  readonly #middle: number;
  readonly #end: Buffer;
  readonly #isEndAscii: boolean;
  // The previous record's values: the next record is usually of the same trace and the same second.
  readonly #baseWords = new Int32Array(idWords);
  #base_id = '';
  #second = -1;

  constructor(room: number, { host, project, service }: Source) {
    const [ofHost, ofProject, ofService] = [host, project, service].map((value) => JSON.stringify(value));
    const end = `,"host":${ofHost}},"project":${ofProject},"service":${ofService}}`;
    this.#end = Buffer.from(end);
    this.#isEndAscii = this.#end.length === end.length;
    this.room = room;
    this.#info = wholeWords(room + middle.length);
    this.#middle = this.#info - middle.length;
    this.#words = new Int32Array(wholeWords(this.#info + room + loopBytes + this.#end.length) >> 2);
    this.#bytes = Buffer.from(this.#words.buffer);
    this.#bytes.write(middle, this.#middle);
  }

  lineOf({ words, doubles, bytes }: Ring, at: number, length: number): Line {
    const page = this.#bytes;
    const first = at >> 2;
    const ids = first + idsWord;
    if (!isSame(this.#baseWords, words, ids)) this.#beginTrace(words, ids);
    copy(page, this.#middle + toPoint.length, bytes, 4 * ids + idBytes, idBytes);
    copy(page, this.#middle + toParent.length, bytes, 4 * ids + 2 * idBytes, idBytes);
    this.#putTime(doubles[(first + timeWord) >> 1]!);

    const head = words[first + headWord]!;
    const nameLength = nameLengthIn(head);
    const message = (head & stopBit) === 0 ? starts : stops;
    const start = this.#middle - message.length - nameLength - opening.length;
    copy(page, start, opening, 0, opening.length);
    const nameBits = copy(page, start + opening.length, bytes, at + nameByte, nameLength);
    copy(page, this.#middle - message.length, message, 0, message.length);

    const info = wholeWords(at + nameByte + nameLength);
    const infoLength = at + length - info;
    let infoBits = 0;
    for (let i = 0; 4 * i < infoLength; i++) {
      const word = words[(info >> 2) + i]!;
      this.#words[(this.#info >> 2) + i] = word;
      infoBits |= word;
    }
    let end = this.#info + infoLength;
    if (infoLength === 0) page[end++] = openBrace;
    if ((head & loopBit) !== 0) end = this.#putLoop(end, words, doubles, first);
    const comma = end - this.#info > 1 ? 0 : 1;
    copy(page, end, this.#end, comma, this.#end.length - comma);
    end += this.#end.length - comma;

    const isAscii = this.#isEndAscii && ((nameBits | infoBits) & beyondAscii) === 0;
    return new Line(this.#base_id, page.toString(isAscii ? 'latin1' : 'utf8', start, end));
  }

  /** @returns where they end */
  #putLoop(at: number, words: Int32Array, doubles: Float64Array, first: number): number {
    const page = this.#bytes;
    const comma = at - this.#info > 1 ? 0 : 1;
    let end = put(page, at, toThread, comma);
    end = putInteger(page, end, words[first + threadWord]! >>> 0);
    end = put(page, end, toIdle);
    end = putMilliseconds(page, end, doubles[(first + idleWord) >> 1]!);
    end = put(page, end, toTurn);
    end = putInteger(page, end, words[first + turnWord]! >>> 0);
    if ((words[first + headWord]! & cpuBit) !== 0) {
      end = put(page, end, toCpu);
      end = putMilliseconds(page, end, doubles[(first + cpuWord) >> 1]!);
    }
    if ((words[first + headWord]! & busyBit) !== 0) {
      end = put(page, end, toBusy);
      end = putMilliseconds(page, end, doubles[(first + busyWord) >> 1]!);
    }
    page[end] = closeBrace;
    return end + 1;
  }

  #beginTrace(words: Int32Array, ids: number): void {
    for (let i = 0; i < idWords; i++) this.#baseWords[i] = words[ids + i]!;
    this.#base_id = idTextIn(this.#baseWords, 0);
    this.#bytes.write(this.#base_id, this.#middle + toBase.length);
  }

  #putTime(ms: number): void {
    const micros = Math.round(ms * 1000);
    const second = Math.floor(micros / 1e6);
    const at = this.#middle + toTime.length;
    if (second !== this.#second) {
      this.#second = second;
      this.#bytes.write(new Date(second * 1000).toISOString(), at, secondLength);
    }
    let rest = micros - second * 1e6;
    for (let to = at + time.length - 1; to >= at + secondLength; to--) {
      const tenth = (rest / 10) | 0;
      this.#bytes[to] = zero + rest - 10 * tenth;
      rest = tenth;
    }
  }
}

/** @returns where it ends */
function put(page: Uint8Array, at: number, text: Uint8Array, from = 0): number {
  copy(page, at, text, from, text.length - from);
  return at + text.length - from;
}

/**
 * Writes a whole number that is not negative, with this many digits at least.
 *
 * @returns where it ends
 */
function putInteger(page: Uint8Array, at: number, value: number, least = 1): number {
  let digits = least;
  for (let limit = 10 ** least; value >= limit; limit *= 10) digits++;
  let rest = value;
  for (let to = at + digits - 1; to >= at; to--) {
    const tenth = Math.floor(rest / 10);
    page[to] = zero + rest - 10 * tenth;
    rest = tenth;
  }
  return at + digits;
}

/** Writes milliseconds with three digits behind the point. */
function putMilliseconds(page: Uint8Array, at: number, ms: number): number {
  const micros = Math.round(ms * 1000);
  const whole = Math.floor(micros / 1000);
  const end = putInteger(page, at, whole);
  page[end] = dot;
  return putInteger(page, end + 1, micros - 1000 * whole, 3);
}

/** @returns all bits that are set in what was copied */
function copy(to: Uint8Array, at: number, from: Uint8Array, start: number, length: number): number {
  let bits = 0;
  for (let i = 0; i < length; i++) {
    const byte = from[start + i]!;
    to[at + i] = byte;
    bits |= byte;
  }
  return bits;
}

function isSame(known: Int32Array, words: Int32Array, at: number): boolean {
  for (let i = 0; i < idWords; i++) if (known[i] !== words[at + i]) return false;
  return true;
}
