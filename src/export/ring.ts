// A ring of bytes in shared memory: one thread of the application writes events into it, the exporter's
// thread reads them. Shared memory, because an event must be out of the application's thread at once: a
// thread that hangs or is terminated after it can't post a message any more, and its last events are the
// ones that people look for.

import { now } from '../trace/clock.js';

// Taken now: an application may take them away, as hardened ones do.
const { Atomics, SharedArrayBuffer } = globalThis;

/** Words of the header. Positions count bytes and wrap at 2^32, which is a multiple of the size. */
const word = {
  written: 0,
  read: 1,
  dropped: 2,
  asleep: 3,
  closed: 4,
  traceEnded: 5,
  reader: 6,
  shared: 7,
} as const;
const headerBytes = 64;

/**
 * Who reads: nobody, the exporter's thread, or the writer itself, for ever, because that thread does not. The
 * writer also keeps others from reading while it rewinds.
 */
const reader = { none: 0, thread: 1, writer: 2, rewinding: 3 } as const;

// A ring that has been read is written from its beginning again after so many bytes: those are in the
// processor's cache, and to write what is not costs more than all else of an event.
const rewindBytes = 128 * 1024;

/** What the exporter's thread reads in one go takes it less than that. */
const takeBackMs = 50;

/** In place of a record's length: the rest up to the ring's end is empty. */
const skip = -1;

/** One side's view of a ring. */
export interface Ring {
  readonly memory: SharedArrayBuffer;
  readonly header: Int32Array;
  /** The same memory in three forms; records lie at multiples of eight bytes. */
  readonly bytes: Buffer;
  readonly words: Int32Array;
  readonly doubles: Float64Array;
  /** The writer's: up to where there are records, and up to where it knows that they have been read. */
  written: number;
  seenRead: number;
}

/**
 * Makes a ring; pages of it take memory when they are first written to.
 *
 * @param size in bytes, a power of two
 */
export function createRing(size: number): Ring {
  const ring = openRing(new SharedArrayBuffer(headerBytes + size));
  Atomics.store(ring.header, word.asleep, 1);
  return ring;
}

/** The ring that another thread made. */
export function openRing(memory: SharedArrayBuffer): Ring {
  const header = new Int32Array(memory, 0, headerBytes / 4);
  return {
    memory,
    header,
    bytes: Buffer.from(memory, headerBytes),
    words: new Int32Array(memory, headerBytes),
    doubles: new Float64Array(memory, headerBytes),
    written: Atomics.load(header, word.written),
    seenRead: Atomics.load(header, word.read),
  };
}

/**
 * Finds room for a record, or counts it as dropped where there is none: the application never waits.
 *
 * @param length the most bytes that it may have
 * @returns where it is to begin, in bytes, its first word left free for its length; -1 where it is dropped
 */
export function reserve(ring: Ring, length: number): number {
  const size = ring.bytes.length;
  let at = ring.written & (size - 1);
  if (at >= rewindBytes && rewind(ring)) at = 0;
  const toEnd = size - at;
  const needed = toEnd < length ? toEnd + length : length;
  if (size - unread(ring) < needed) {
    ring.seenRead = Atomics.load(ring.header, word.read);
    if (size - unread(ring) < needed) {
      Atomics.add(ring.header, word.dropped, 1);
      return -1;
    }
  }
  if (toEnd >= length) return at;
  ring.words[at >> 2] = skip;
  ring.written = (ring.written + toEnd) | 0;
  return 0;
}

/** Begins anew where all has been read; nobody reads meanwhile. */
function rewind(ring: Ring): boolean {
  const { header } = ring;
  if (Atomics.load(header, word.read) !== ring.written) return false;
  if (Atomics.compareExchange(header, word.reader, reader.none, reader.rewinding) !== reader.none)
    return false;
  ring.written = 0;
  ring.seenRead = 0;
  Atomics.store(header, word.read, 0);
  Atomics.store(header, word.written, 0);
  Atomics.store(header, word.reader, reader.none);
  return true;
}

/**
 * Hands a record over to the reader.
 *
 * @param at what `reserve` gave
 * @param length how many bytes it has, the word for its length included
 * @returns whether the reader is asleep and has to be woken
 */
export function commit(ring: Ring, at: number, length: number): boolean {
  const { header } = ring;
  ring.words[at >> 2] = length;
  ring.written = (ring.written + aligned(length)) | 0;
  Atomics.store(header, word.written, ring.written);
  return Atomics.load(header, word.asleep) === 1 && Atomics.exchange(header, word.asleep, 0) === 1;
}

const unread = ({ written, seenRead }: Ring): number => (written - seenRead) | 0;

const aligned = (length: number): number => (length + 7) & ~7;

/** Makes something of a record, which lies at these bytes of the ring. */
type Take<Taken> = (ring: Ring, at: number, length: number) => Taken;

/** Is told of bytes with so many records, before they may be written over. */
export type Keep = (ring: Ring, from: number, to: number, count: number) => void;

/** Takes up to `most` records out of a ring; for the exporter's thread. */
export function readRecords<Taken>(ring: Ring, most: number, take: Take<Taken>, keep?: Keep): Taken[] {
  const { header } = ring;
  if (Atomics.compareExchange(header, word.reader, reader.none, reader.thread) !== reader.none) return [];
  try {
    return recordsIn(ring, most, take, keep);
  } finally {
    letGo(ring);
  }
}

/** Lets others read, unless the writer has taken the ring back meanwhile. */
function letGo({ header }: Ring): void {
  Atomics.compareExchange(header, word.reader, reader.thread, reader.none);
}

/**
 * Takes all records out of a ring where the exporter's thread is blocked or gone.
 *
 * @param isLast whether the process ends: then that thread never reads it again
 */
export function takeBack<Taken>(ring: Ring, take: Take<Taken>, isLast = true): Taken[] {
  const { header } = ring;
  // Where the exporter's thread ended while it read, that is read again.
  const deadline = now(0) + takeBackMs;
  while (Atomics.compareExchange(header, word.reader, reader.none, reader.writer) !== reader.none) {
    if (now(0) > deadline) break;
  }
  try {
    return recordsIn(ring, Infinity, take);
  } finally {
    Atomics.store(header, word.reader, isLast ? reader.writer : reader.none);
  }
}

/** The exporter's thread is gone; another one may read, and is woken by what is written next. */
export function resetReader({ header }: Ring): void {
  Atomics.store(header, word.reader, reader.none);
  Atomics.store(header, word.asleep, 1);
}

function recordsIn<Taken>(ring: Ring, most: number, take: Take<Taken>, keep?: Keep): Taken[] {
  const { header, words, bytes } = ring;
  const size = bytes.length;
  const written = Atomics.load(header, word.written);
  let read = Atomics.load(header, word.read);
  const taken: Taken[] = [];
  let [from, count] = [read & (size - 1), 0];
  while (read !== written && taken.length < most) {
    const at = read & (size - 1);
    const length = words[at >> 2]!;
    if (length === skip) {
      if (taken.length > count) keep?.(ring, from, at, taken.length - count);
      [from, count] = [0, taken.length];
      read = (read + size - at) | 0;
    } else {
      // The one before ended right where the ring does.
      if (at === 0 && taken.length > count) {
        keep?.(ring, from, size, taken.length - count);
        [from, count] = [0, taken.length];
      }
      taken.push(take(ring, at, length));
      read = (read + aligned(length)) | 0;
    }
  }
  // At the ring's end it is that end, and not its beginning.
  if (taken.length > count) keep?.(ring, from, ((read - 1) & (size - 1)) + 1, taken.length - count);
  Atomics.store(header, word.read, read);
  return taken;
}

/**
 * Copies records to the end of what a ring holds that nobody else writes into.
 *
 * @returns false where there is no room for them
 */
export function append(to: Ring, from: Ring, start: number, end: number): boolean {
  if (to.written + end - start > to.bytes.length) return false;
  return whileReading(to, () => {
    from.bytes.copy(to.bytes, to.written, start, end);
    to.written += end - start;
    Atomics.store(to.header, word.written, to.written);
  });
}

/** Takes what was appended last away again, down to a place. */
export function truncate(ring: Ring, at: number): void {
  whileReading(ring, () => {
    ring.written = at;
    Atomics.store(ring.header, word.written, at);
  });
}

/** Forgets what was appended. @returns false where it is being read */
export function forget(ring: Ring): boolean {
  if (ring.written === 0) return true;
  return whileReading(ring, () => {
    ring.written = 0;
    Atomics.store(ring.header, word.read, 0);
    Atomics.store(ring.header, word.written, 0);
  });
}

/** What was appended, which stays there. */
export function appended<Taken>(ring: Ring, take: Take<Taken>): Taken[] {
  const read = Atomics.load(ring.header, word.read);
  const taken = readRecords(ring, Infinity, take);
  Atomics.store(ring.header, word.read, read);
  return taken;
}

function whileReading(ring: Ring, body: () => void): boolean {
  if (Atomics.compareExchange(ring.header, word.reader, reader.none, reader.thread) !== reader.none)
    return false;
  body();
  letGo(ring);
  return true;
}

/**
 * Tells the writer that the reader goes to sleep.
 *
 * @returns false when something was written meanwhile: read on
 */
export function fallAsleep(ring: Ring): boolean {
  Atomics.store(ring.header, word.asleep, 1);
  if (isEmpty(ring)) return true;
  Atomics.store(ring.header, word.asleep, 0);
  return false;
}

/** Whether records had no room, of which nobody has taken the count yet. */
export function hasDropped({ header }: Ring): boolean {
  return Atomics.load(header, word.dropped) > 0;
}

/** Takes the count of the records that had no room. */
export function takeDropped(ring: Ring): number {
  return Atomics.exchange(ring.header, word.dropped, 0);
}

/** Says that nobody writes into the ring any more. */
export function closeRing(ring: Ring): void {
  Atomics.store(ring.header, word.closed, 1);
}

export function isClosed(ring: Ring): boolean {
  return Atomics.load(ring.header, word.closed) === 1;
}

export function isEmpty({ header }: Ring): boolean {
  return Atomics.load(header, word.written) === Atomics.load(header, word.read);
}

/** Tells the thread that writes into the ring that the trace it works for has ended. */
export function endTrace(ring: Ring): void {
  Atomics.store(ring.header, word.traceEnded, 1);
}

export function hasTraceEnded(ring: Ring): boolean {
  return Atomics.load(ring.header, word.traceEnded) === 1;
}

/** Tells the thread that writes into the ring that others than its trace post to it. */
export function markShared(ring: Ring): void {
  Atomics.store(ring.header, word.shared, 1);
}

export function isShared(ring: Ring): boolean {
  return Atomics.load(ring.header, word.shared) === 1;
}
