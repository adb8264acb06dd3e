// The queue of one store: events in memory and in the spool, in the order in which they came.
import type { Line } from '../drivers/driver.js';
import { messageOf } from '../trace/notice.js';
import { isPassing } from '../trace/passing.js';
import type { Segment, Spool } from './spool.js';

const batchLines = 1000;
const batchBytes = 1024 * 1024;
/** How much may wait in memory when it cannot be spooled either. */
const memoryBytes = 8 * 1024 * 1024;

/** Lines that travel together. At least one of `lines` and `segment` is set. */
export interface Batch {
  /** Undefined while the lines are only on disk. */
  lines: readonly Line[] | undefined;
  segment: Segment | undefined;
  /** The number of lines; 0 if it is unknown until they are read. */
  count: number;
  /** The approximate size of the lines as they are stored. */
  bytes: number;
  /** An attempt to store them failed in a way that left open whether they are stored. */
  isRepeated: boolean;
}

/**
 * The events that wait for a store, the oldest first, in memory and on disk. Memory holds events that have just
 * arrived and those that are being delivered. Events that have to wait are moved to the spool.
 */
export class DeliveryQueue {
  readonly #spool: Spool;
  readonly #all: Batch[] = [];
  readonly #onSpooled: () => boolean;
  #onItsWay: Batch | undefined;
  /** Why the last attempt to spool failed; '' if it did not fail. */
  problem = '';

  /** @param onSpooled called for each batch that is on disk now; returns false if nothing more is to be done */
  constructor(spool: Spool, onSpooled: () => boolean = () => true) {
    this.#spool = spool;
    this.#onSpooled = onSpooled;
  }

  get isEmpty(): boolean {
    return this.#all.length === 0;
  }

  /** @returns false if there is room neither in memory nor in the spool */
  add(lines: readonly Line[], isRepeated = false): boolean {
    if (lines.length === 0) return true;
    const bytes = lengthOf(lines);
    if (this.#unspooledBytes() + bytes > memoryBytes) this.spool();
    // Lines that arrive at once come from one full ring, and are a little longer than its records. They are
    // accepted if nothing else waits.
    const waiting = this.#unspooledBytes();
    if (waiting > 0 && waiting + bytes > memoryBytes) return false;
    const last = this.#all.at(-1);
    const isOpen = last !== undefined && last.segment === undefined && last !== this.#onItsWay;
    const isRoom = isOpen && last.count + lines.length <= batchLines && last.bytes + bytes <= batchBytes;
    if (isRoom && last.isRepeated === isRepeated) {
      last.lines = [...(last.lines ?? []), ...lines];
      last.count += lines.length;
      last.bytes += bytes;
    } else {
      this.#all.push({ lines, segment: undefined, count: lines.length, bytes, isRepeated });
    }
    return true;
  }

  /** The number of lines of the oldest batch; 0 if it is unknown. */
  get firstCount(): number {
    return this.#all[0]?.count ?? 0;
  }

  /** Takes over the events that a gone process could not store. */
  inherit(): void {
    const segment = this.#spool.inherit();
    if (segment === undefined) return;
    this.#all.push({ lines: undefined, segment, count: 0, bytes: batchBytes, isRepeated: true });
  }

  /** Takes over everything that the previous exporter's thread has left in the spool. */
  reclaim(): void {
    for (let segment = this.#spool.reclaim(); segment; segment = this.#spool.reclaim()) {
      const count = this.#spool.countIn(segment);
      this.#all.push({ lines: undefined, segment, count, bytes: batchBytes, isRepeated: true });
    }
  }

  /**
   * The oldest batch, with its lines read; it counts as being delivered from now on. `missing` says how many of its
   * lines the file has lost.
   *
   * @throws Error if its file cannot be read; the batch is then dropped, unless the error may pass
   */
  start(): (Batch & { lines: readonly Line[]; missing: number }) | undefined {
    const batch = this.#all[0];
    if (batch === undefined) return undefined;
    let missing = 0;
    try {
      if (batch.lines === undefined) {
        const { segment, count } = batch;
        batch.lines = segment === undefined ? [] : this.#spool.read(segment);
        if (segment !== undefined) missing = this.#spool.missing(segment, count, batch.lines.length);
      }
    } catch (error) {
      if (!isPassing(error)) this.#all.shift();
      throw error;
    }
    batch.count = batch.lines.length;
    this.#onItsWay = batch;
    return { ...batch, lines: batch.lines, missing };
  }

  /** Reports that the batch has arrived, or that nothing of it ever will. */
  finish(): void {
    const batch = this.#all.shift();
    this.#onItsWay = undefined;
    if (batch?.segment !== undefined) this.#spool.remove(batch.segment);
  }

  /**
   * Puts the batch back.
   *
   * @param rest the remaining part of it
   * @param isRepeated whether it is unknown which of these lines have arrived
   */
  giveBack(rest: readonly Line[], isRepeated: boolean): void {
    const batch = this.#onItsWay;
    this.#onItsWay = undefined;
    if (batch === undefined) return;
    batch.isRepeated ||= isRepeated;
    const whole = batch.segment;
    const isPartial = rest.length < batch.count;
    if (isPartial || whole === undefined) {
      batch.segment = undefined;
      batch.lines = rest;
      batch.count = rest.length;
      batch.bytes = lengthOf(rest);
    } else {
      batch.lines = undefined;
    }
    this.spool();
    if (isPartial && whole !== undefined) this.#spool.remove(whole);
  }

  /** Writes the events that are only in memory to disk, as far as there is room. */
  spool(): void {
    this.problem = '';
    for (let i = 0; i < this.#all.length; i++) {
      const batch = this.#all[i]!;
      const { lines, segment, count, bytes } = batch;
      if (segment !== undefined || lines === undefined || count === 0) continue;
      const before = batch.isRepeated ? undefined : this.#growing(this.#all[i - 1]);
      try {
        const written = this.#spool.write(lines, before?.segment);
        if (written === undefined) {
          this.problem = `the spool in ${this.#spool.folder} is full`;
          return;
        }
        if (before === undefined) {
          batch.segment = written;
          if (batch !== this.#onItsWay) batch.lines = undefined;
        } else {
          before.count += count;
          before.bytes += bytes;
          this.#all.splice(i--, 1);
        }
        if (!this.#onSpooled()) return;
      } catch (error) {
        this.problem = `the spool cannot take them: ${messageOf(error)}`;
        return;
      }
    }
  }

  /**
   * Checks that the files in which lines wait still exist. If a file is gone or damaged and its lines are still in
   * memory, they wait there again.
   *
   * @returns how many lines are lost
   */
  audit(): number {
    let lost = 0;
    for (const batch of this.#all.slice()) {
      const { segment, lines, count, bytes } = batch;
      if (segment === undefined || count === 0) continue;
      const missing = this.#spool.missingIn(segment, count, bytes);
      if (missing === 0) continue;
      if (lines === undefined) {
        batch.count -= missing;
        lost += missing;
        if (batch.count > 0) continue;
        this.#all.splice(this.#all.indexOf(batch), 1);
      } else batch.segment = undefined;
      this.#spool.remove(segment);
    }
    return lost;
  }

  /** How many lines wait on disk, and how many only in memory. */
  count(): { readonly spooled: number; readonly unspooled: number } {
    let [spooled, unspooled] = [0, 0];
    for (const { segment, count } of this.#all) {
      if (segment === undefined) unspooled += count;
      else spooled += count;
    }
    return { spooled, unspooled };
  }

  /** A batch on disk that others may join. Each file stays about as large as a batch. */
  #growing(batch: Batch | undefined): Batch | undefined {
    if (batch?.segment === undefined || batch.isRepeated || batch === this.#onItsWay) return undefined;
    return batch.bytes < batchBytes ? batch : undefined;
  }

  #unspooledBytes(): number {
    let sum = 0;
    for (const { segment, bytes } of this.#all) if (segment === undefined) sum += bytes;
    return sum;
  }
}

function lengthOf(lines: readonly Line[]): number {
  let length = 0;
  for (const { text } of lines) length += text.length + 1;
  return length;
}
