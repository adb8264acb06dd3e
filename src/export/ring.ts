// A ring of bytes in shared memory: one thread of the application writes events into it, the exporter's
// thread reads them. Shared memory, because an event must be out of the application's thread at once: a
// thread that hangs or is terminated after it can't post a message any more, and its last events are the
// ones that people look for.

// Taken now: an application may take them away, as hardened ones do.
const { Atomics, SharedArrayBuffer } = globalThis;

/** Words of the header. Positions count bytes and wrap at 2^32, which is a multiple of the size. */
const word = { written: 0, read: 1, dropped: 2, asleep: 3, closed: 4, traceEnded: 5, reader: 6 } as const;
const headerBytes = 64;

/** Who reads: nobody, the exporter's thread, or the writer itself, for ever, because that thread does not. */
const reader = { none: 0, thread: 1, writer: 2 } as const;

/** In place of a frame's length: the rest up to the ring's end is empty. */
const skip = 0xffff_ffff;

export interface Ring {
  readonly memory: SharedArrayBuffer;
  readonly header: Int32Array;
  readonly bytes: Buffer;
}

/** Makes a ring; pages of it take memory when they are first written to. */
export function createRing(size: number): Ring {
  const ring = openRing(new SharedArrayBuffer(headerBytes + size));
  Atomics.store(ring.header, word.asleep, 1);
  return ring;
}

/** The ring that another thread made. */
export function openRing(memory: SharedArrayBuffer): Ring {
  return {
    memory,
    header: new Int32Array(memory, 0, headerBytes / 4),
    bytes: Buffer.from(memory, headerBytes),
  };
}

/**
 * Appends a line, or counts it as dropped when there is no room: the application never waits.
 *
 * @returns whether the reader is asleep and has to be woken
 */
export function writeLine(ring: Ring, line: string): boolean {
  const { header, bytes } = ring;
  const size = bytes.length;
  const read = Atomics.load(header, word.read) >>> 0;
  let written = Atomics.load(header, word.written) >>> 0;
  // A UTF-16 unit takes three bytes of UTF-8 at the most.
  const most = 4 + 3 * line.length;
  let at = written % size;
  const room = at + most > size ? size - at + most : most;
  if (size - ((written - read) >>> 0) < room) {
    Atomics.add(header, word.dropped, 1);
    return false;
  }
  if (at + most > size) {
    if (size - at >= 4) bytes.writeUInt32LE(skip, at);
    written += size - at;
    at = 0;
  }
  const length = bytes.write(line, at + 4);
  bytes.writeUInt32LE(length, at);
  Atomics.store(header, word.written, (written + 4 + length) | 0);
  return Atomics.exchange(header, word.asleep, 0) === 1;
}

/** Takes up to `most` lines out of a ring; for the exporter's thread. */
export function readLines(ring: Ring, most: number): string[] {
  const { header } = ring;
  if (Atomics.compareExchange(header, word.reader, reader.none, reader.thread) !== reader.none) return [];
  const lines = linesIn(ring, most);
  Atomics.store(header, word.reader, reader.none);
  return lines;
}

/** Takes all lines out of a ring where the exporter's thread is blocked, and the process ends. */
export function takeBack(ring: Ring): string[] {
  const { header } = ring;
  // Reading takes the exporter's thread less than this, if it is not killed right there.
  const deadline = performance.now() + 20;
  while (Atomics.compareExchange(header, word.reader, reader.none, reader.writer) !== reader.none) {
    if (performance.now() > deadline) return [];
  }
  return linesIn(ring, Infinity);
}

function linesIn(ring: Ring, most: number): string[] {
  const { header, bytes } = ring;
  const size = bytes.length;
  const written = Atomics.load(header, word.written) >>> 0;
  let read = Atomics.load(header, word.read) >>> 0;
  const lines: string[] = [];
  while (read !== written && lines.length < most) {
    const at = read % size;
    const length = size - at >= 4 ? bytes.readUInt32LE(at) : skip;
    if (length === skip) {
      read = (read + size - at) >>> 0;
    } else {
      lines.push(bytes.toString('utf8', at + 4, at + 4 + length));
      read = (read + 4 + length) >>> 0;
    }
  }
  Atomics.store(header, word.read, read | 0);
  return lines;
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

/** Takes the count of the lines that had no room. */
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
