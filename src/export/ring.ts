// A ring of bytes in shared memory. One thread of the application writes events into it, and the exporter's thread
// reads them. The memory is shared because an event must leave the application's thread at once: a thread that
// hangs or is terminated cannot post a message any more, and its last events are the ones that people look for.
//
// The layout:
//
//    bytes 0-63   the header: eight words, see `word` below; the rest is unused
//    then         `size` bytes of records, a power of two; each record begins at a multiple of eight bytes
//
// A record begins with a word that holds its length in bytes (`record.ts` has the rest). The word `skip` in its
// place means that the rest, up to the ring's end, is empty, because a record never wraps around. `written` and
// `read` count bytes since the last new beginning and wrap at 2^32; the place in the ring is the position modulo `size`.
//
// The order of writes: the writer fills a record, then writes its length, then publishes `written` with an atomic
// store. The reader never sees a half-written record. There is one writer, so it needs no lock; `reader` is the
// lock of those who read.
//
// The price: an event costs one atomic store, one atomic load and the copy of its bytes. The writer keeps its own
// view of both positions, and looks at the shared `read` only when the ring seems full, or when it could begin from
// the start again. It does that as soon as everything has been read, because memory that is in the processor's
// cache is written in a third of the time. A record that finds no room is dropped and counted: the application
// never waits.

import { now } from '../trace/clock.js';

// Taken at the start, because an application may remove them, as hardened ones do.
const { Atomics, SharedArrayBuffer } = globalThis;

/**
 * The words of the header. `dropped` counts records without room; `asleep`, `closed`, `traceEnded` and `shared` are
 * flags; `reader` says who reads.
 */
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
 * The reader: nobody, the exporter's thread, or the writer itself. The writer reads for good if that thread does not
 * read any more. It also keeps others from reading while it rewinds.
 */
const reader = { none: 0, thread: 1, writer: 2, rewinding: 3 } as const;

// After this many bytes, a ring that has been read is written from its beginning again. These bytes are in the
// processor's cache; writing to memory that is not costs more than everything else of an event.
const rewindBytes = 128 * 1024;

/** The exporter's thread needs less time than this for one read. */
const takeBackMs = 50;

/** Stands in the place of a record's length: the rest up to the ring's end is empty. */
const skip = -1;

/** One side's view of a ring. */
export interface Ring {
  readonly memory: SharedArrayBuffer;
  readonly header: Int32Array;
  /** The same memory in three forms. Records begin at multiples of eight bytes. */
  readonly bytes: Buffer;
  readonly words: Int32Array;
  readonly doubles: Float64Array;
  /** The writer's own view: where the records end, and up to where it knows that they have been read. */
  written: number;
  seenRead: number;
}

/**
 * Makes a ring. Its pages take memory when they are first written to.
 *
 * @param size in bytes, a power of two
 */
export function createRing(size: number): Ring {
  const ring = openRing(new SharedArrayBuffer(headerBytes + size));
  Atomics.store(ring.header, word.asleep, 1);
  return ring;
}

/** Opens the ring that another thread made. */
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
 * Finds room for a record, or counts it as dropped if there is none: the application never waits.
 *
 * @param length the most bytes that it may have
 * @returns where it has to begin, in bytes, with its first word left free for its length; -1 if it is dropped
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

/** Starts again from the beginning if everything has been read. Nobody can read meanwhile. */
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
 * @param at what `reserve` returned
 * @param length how many bytes it has, including the word for its length
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

/** Makes something of a record, which is at these bytes of the ring. */
type Take<Taken> = (ring: Ring, at: number, length: number) => Taken;

/** Is told of bytes with this many records, before they may be overwritten. */
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
 * Takes all records out of a ring if the exporter's thread is blocked or gone.
 *
 * @param isLast whether the process ends: that thread then never reads the ring again
 */
export function takeBack<Taken>(ring: Ring, take: Take<Taken>, isLast = true): Taken[] {
  const { header } = ring;
  // If the exporter's thread ended while it read, the same records are read again.
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

/** The exporter's thread is gone. Another one may read, and the next record wakes it. */
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
      // The previous record ended exactly where the ring ends.
      if (at === 0 && taken.length > count) {
        keep?.(ring, from, size, taken.length - count);
        [from, count] = [0, taken.length];
      }
      taken.push(take(ring, at, length));
      read = (read + aligned(length)) | 0;
    }
  }
  // At the ring's end, the position is that end and not the beginning.
  if (taken.length > count) keep?.(ring, from, ((read - 1) & (size - 1)) + 1, taken.length - count);
  Atomics.store(header, word.read, read);
  return taken;
}

/**
 * Copies records to the end of a ring that nobody else writes into.
 *
 * @returns false if there is no room for them
 */
export function append(to: Ring, from: Ring, start: number, end: number): boolean {
  if (to.written + end - start > to.bytes.length) return false;
  return whileReading(to, () => {
    from.bytes.copy(to.bytes, to.written, start, end);
    to.written += end - start;
    Atomics.store(to.header, word.written, to.written);
  });
}

/** Removes what was appended last, back to a position. */
export function truncate(ring: Ring, at: number): void {
  whileReading(ring, () => {
    ring.written = at;
    Atomics.store(ring.header, word.written, at);
  });
}

/**
 * Forgets what was appended.
 *
 * @returns false if it is being read
 */
export function forget(ring: Ring): boolean {
  if (ring.written === 0) return true;
  return whileReading(ring, () => {
    ring.written = 0;
    Atomics.store(ring.header, word.read, 0);
    Atomics.store(ring.header, word.written, 0);
  });
}

/** Gives what was appended, and leaves it there. */
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
 * @returns false if something was written meanwhile: read on
 */
export function fallAsleep(ring: Ring): boolean {
  Atomics.store(ring.header, word.asleep, 1);
  if (isEmpty(ring)) return true;
  Atomics.store(ring.header, word.asleep, 0);
  return false;
}

/** Whether some records had no room and nobody has taken their count yet. */
export function hasDropped({ header }: Ring): boolean {
  return Atomics.load(header, word.dropped) > 0;
}

/** Takes the count of the records that had no room. */
export function takeDropped(ring: Ring): number {
  return Atomics.exchange(ring.header, word.dropped, 0);
}

/** Reports that nobody writes into the ring any more. */
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

/** Tells the thread that writes into the ring that other requests than its trace's post to it. */
export function markShared(ring: Ring): void {
  Atomics.store(ring.header, word.shared, 1);
}

export function isShared(ring: Ring): boolean {
  return Atomics.load(ring.header, word.shared) === 1;
}
