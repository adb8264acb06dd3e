import type { Line } from '../drivers/driver.js';
import { messageOf } from '../trace/notice.js';
import { isPassing } from '../trace/passing.js';
import type { Segment, Spool } from './spool.js';

const parcelLines = 1000;
const parcelBytes = 1024 * 1024;
/** What may wait in memory where it can't be spooled either. */
const memoryBytes = 8 * 1024 * 1024;

/** Lines that travel together. At least one of `lines` and `segment` is there. */
export interface Parcel {
  /** Undefined while they are only on disk. */
  lines: readonly Line[] | undefined;
  segment: Segment | undefined;
  /** How many lines; 0 where that is not known before they are read. */
  count: number;
  /** Roughly, of the lines as they are stored. */
  bytes: number;
  /** An attempt to store them failed in a way that left open whether they are there. */
  isRepeated: boolean;
}

/**
 * What waits for a store, the oldest first, in memory and on disk. Memory holds what has just come and what
 * is on its way; what has to wait is moved to the spool.
 */
export class Parcels {
  readonly #spool: Spool;
  readonly #all: Parcel[] = [];
  readonly #onSpooled: () => boolean;
  #onItsWay: Parcel | undefined;
  /** Why the last attempt to spool failed; '' where it did not. */
  problem = '';

  /** @param onSpooled told of each that is on disk now; false where there is nothing more to do */
  constructor(spool: Spool, onSpooled: () => boolean = () => true) {
    this.#spool = spool;
    this.#onSpooled = onSpooled;
  }

  get isEmpty(): boolean {
    return this.#all.length === 0;
  }

  /** @returns false where there is no room, neither in memory nor in the spool */
  add(lines: readonly Line[], isRepeated = false): boolean {
    if (lines.length === 0) return true;
    const bytes = lengthOf(lines);
    if (this.#unspooledBytes() + bytes > memoryBytes) this.spool();
    // What comes at once is what a ring holds, and as lines that is a little more: it is taken where nothing else waits.
    const waiting = this.#unspooledBytes();
    if (waiting > 0 && waiting + bytes > memoryBytes) return false;
    const last = this.#all.at(-1);
    const isOpen = last !== undefined && last.segment === undefined && last !== this.#onItsWay;
    const isRoom = isOpen && last.count + lines.length <= parcelLines && last.bytes + bytes <= parcelBytes;
    if (isRoom && last.isRepeated === isRepeated) {
      last.lines = [...(last.lines ?? []), ...lines];
      last.count += lines.length;
      last.bytes += bytes;
    } else {
      this.#all.push({ lines, segment: undefined, count: lines.length, bytes, isRepeated });
    }
    return true;
  }

  /** How many lines the oldest has; 0 where that is not known. */
  get firstCount(): number {
    return this.#all[0]?.count ?? 0;
  }

  /** Takes over what a process that is gone could not store. */
  inherit(): void {
    const segment = this.#spool.inherit();
    if (segment === undefined) return;
    this.#all.push({ lines: undefined, segment, count: 0, bytes: parcelBytes, isRepeated: true });
  }

  /** Takes over all that the thread which did this before has left in the spool. */
  reclaim(): void {
    for (let segment = this.#spool.reclaim(); segment; segment = this.#spool.reclaim()) {
      const count = this.#spool.countIn(segment);
      this.#all.push({ lines: undefined, segment, count, bytes: parcelBytes, isRepeated: true });
    }
  }

  /**
   * The oldest parcel, with its lines read; it is on its way from now on. `missing` says how many of them its file
   * has lost.
   *
   * @throws Error when its file can't be read; then it waits no longer, unless that may pass
   */
  start(): (Parcel & { lines: readonly Line[]; missing: number }) | undefined {
    const parcel = this.#all[0];
    if (parcel === undefined) return undefined;
    let missing = 0;
    try {
      if (parcel.lines === undefined) {
        const { segment, count } = parcel;
        parcel.lines = segment === undefined ? [] : this.#spool.read(segment);
        if (segment !== undefined) missing = this.#spool.missing(segment, count, parcel.lines.length);
      }
    } catch (error) {
      if (!isPassing(error)) this.#all.shift();
      throw error;
    }
    parcel.count = parcel.lines.length;
    this.#onItsWay = parcel;
    return { ...parcel, lines: parcel.lines, missing };
  }

  /** The parcel has arrived, or nothing of it ever will. */
  finish(): void {
    const parcel = this.#all.shift();
    this.#onItsWay = undefined;
    if (parcel?.segment !== undefined) this.#spool.remove(parcel.segment);
  }

  /**
   * The parcel comes back.
   *
   * @param rest what is left of it
   * @param isRepeated whether it is open what of that has arrived
   */
  giveBack(rest: readonly Line[], isRepeated: boolean): void {
    const parcel = this.#onItsWay;
    this.#onItsWay = undefined;
    if (parcel === undefined) return;
    parcel.isRepeated ||= isRepeated;
    const whole = parcel.segment;
    const isPartial = rest.length < parcel.count;
    if (isPartial || whole === undefined) {
      parcel.segment = undefined;
      parcel.lines = rest;
      parcel.count = rest.length;
      parcel.bytes = lengthOf(rest);
    } else {
      parcel.lines = undefined;
    }
    this.spool();
    if (isPartial && whole !== undefined) this.#spool.remove(whole);
  }

  /** Writes to disk what is in memory alone, as far as there is room. */
  spool(): void {
    this.problem = '';
    for (let i = 0; i < this.#all.length; i++) {
      const parcel = this.#all[i]!;
      const { lines, segment, count, bytes } = parcel;
      if (segment !== undefined || lines === undefined || count === 0) continue;
      const before = parcel.isRepeated ? undefined : this.#growing(this.#all[i - 1]);
      try {
        const written = this.#spool.write(lines, before?.segment);
        if (written === undefined) {
          this.problem = `the spool in ${this.#spool.folder} is full`;
          return;
        }
        if (before === undefined) {
          parcel.segment = written;
          if (parcel !== this.#onItsWay) parcel.lines = undefined;
        } else {
          before.count += count;
          before.bytes += bytes;
          this.#all.splice(i--, 1);
        }
        if (!this.#onSpooled()) return;
      } catch (error) {
        this.problem = `they can't be spooled: ${messageOf(error)}`;
        return;
      }
    }
  }

  /**
   * Looks whether the files are there that lines wait in: where one is gone or damaged and its lines are in memory still,
   * they wait there again.
   *
   * @returns how many lines are lost
   */
  audit(): number {
    let lost = 0;
    for (const parcel of this.#all.slice()) {
      const { segment, lines, count, bytes } = parcel;
      if (segment === undefined || count === 0) continue;
      const missing = this.#spool.missingIn(segment, count, bytes);
      if (missing === 0) continue;
      if (lines === undefined) {
        parcel.count -= missing;
        lost += missing;
        if (parcel.count > 0) continue;
        this.#all.splice(this.#all.indexOf(parcel), 1);
      } else parcel.segment = undefined;
      this.#spool.remove(segment);
    }
    return lost;
  }

  /** How many lines wait on disk, and how many in memory alone. */
  count(): { readonly spooled: number; readonly unspooled: number } {
    let [spooled, unspooled] = [0, 0];
    for (const { segment, count } of this.#all) {
      if (segment === undefined) unspooled += count;
      else spooled += count;
    }
    return { spooled, unspooled };
  }

  /** A parcel on disk that others may join; each file stays about as large as a parcel. */
  #growing(parcel: Parcel | undefined): Parcel | undefined {
    if (parcel?.segment === undefined || parcel.isRepeated || parcel === this.#onItsWay) return undefined;
    return parcel.bytes < parcelBytes ? parcel : undefined;
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
