// Accounts in shared memory: what the application's thread has to know of the exporter's thread. At the end of the
// process that thread may be blocked or gone, and its events still have to be counted.
import { elapsed } from '../trace/clock.js';
import { Atomics, SharedArrayBuffer } from './own-threads.js';

/**
 * The first words. In this order: the ticket of the last flush that is done; whether the exporter's thread runs;
 * whether that thread has lost the events, because the process ends and the application's thread has taken them
 * back; how many events only that thread has, because there was no room for a copy; how many events of the copy the
 * deliveries have.
 */
const word = { ticket: 0, isUp: 1, isOver: 2, unkept: 3, given: 4 } as const;
const commonWords = 8;
/**
 * The words of each store count its events: in files of the spool; in the driver, waiting for their other half;
 * lost and not reported; in memory only.
 */
const storeWord = { spooled: 0, held: 1, unsaid: 2, unspooled: 3 } as const;
const storeWords = 4;

/** The account of one store's events. */
export class Account {
  readonly #words: Int32Array;
  readonly #at: number;

  constructor(words: Int32Array = new Int32Array(storeWords), at = 0) {
    this.#words = words;
    this.#at = at;
  }

  /** How many events are in files of the spool that this exporter owns. */
  get spooled(): number {
    return Atomics.load(this.#words, this.#at + storeWord.spooled);
  }

  set spooled(count: number) {
    Atomics.store(this.#words, this.#at + storeWord.spooled, count);
  }

  /** How many events wait in the driver for their other half. They are lost with the exporter's thread. */
  get held(): number {
    return Atomics.load(this.#words, this.#at + storeWord.held);
  }

  set held(count: number) {
    Atomics.store(this.#words, this.#at + storeWord.held, count);
  }

  /** How many events are neither stored nor spooled. They are the last ones of those that the delivery has. */
  get unspooled(): number {
    return Atomics.load(this.#words, this.#at + storeWord.unspooled);
  }

  set unspooled(count: number) {
    Atomics.store(this.#words, this.#at + storeWord.unspooled, count);
  }

  get unsaid(): number {
    return Atomics.load(this.#words, this.#at + storeWord.unsaid);
  }

  /** Counts events that are lost. */
  lose(count: number): void {
    Atomics.add(this.#words, this.#at + storeWord.unsaid, count);
  }

  /** @returns how many lost events the caller has to report now */
  takeUnsaid(): number {
    return Atomics.exchange(this.#words, this.#at + storeWord.unsaid, 0);
  }
}

/** The accounts of all stores of an exporter, and the state of its thread. */
export class Accounts {
  readonly memory: SharedArrayBuffer;
  readonly stores: readonly Account[];
  readonly #words: Int32Array;

  constructor(stores: number, memory = new SharedArrayBuffer(4 * (commonWords + stores * storeWords))) {
    this.memory = memory;
    this.#words = new Int32Array(memory);
    this.stores = Array.from(
      { length: stores },
      (_, i) => new Account(this.#words, commonWords + i * storeWords),
    );
  }

  set isUp(isUp: boolean) {
    Atomics.store(this.#words, word.isUp, Number(isUp));
    Atomics.notify(this.#words, word.isUp);
  }

  /** How many events are only in the memory of the exporter's thread. They are lost with it. */
  get unkept(): number {
    return Atomics.load(this.#words, word.unkept);
  }

  set unkept(count: number) {
    Atomics.store(this.#words, word.unkept, count);
  }

  /** How many events of the copy the deliveries have. */
  get given(): number {
    return Atomics.load(this.#words, word.given);
  }

  set given(count: number) {
    Atomics.store(this.#words, word.given, count);
  }

  /** The part of the copy that is neither in a store nor in its spool. Both take events in order. */
  unsafeOf<Item>(copy: readonly Item[], { unspooled }: Account): readonly Item[] {
    return copy.slice(Math.max(0, Math.min(this.given, copy.length) - unspooled));
  }

  get isOver(): boolean {
    return Atomics.load(this.#words, word.isOver) === 1;
  }

  /** Takes the events away from the exporter's thread for good. */
  end(): void {
    Atomics.store(this.#words, word.isOver, 1);
  }

  /** Reports that a flush is done. */
  finish(ticket: number): void {
    Atomics.store(this.#words, word.ticket, Math.max(ticket, Atomics.load(this.#words, word.ticket)));
    Atomics.notify(this.#words, word.ticket);
  }

  /** Blocks until the thread runs, but no longer than this many milliseconds. */
  waitUntilUp(ms: number): boolean {
    return Atomics.wait(this.#words, word.isUp, 0, ms) !== 'timed-out';
  }

  /** Blocks until a flush is done, but no longer than this many milliseconds. */
  waitFor(ticket: number, ms: number): boolean {
    const deadline = elapsed() + ms;
    for (;;) {
      const done = Atomics.load(this.#words, word.ticket);
      if (done >= ticket) return true;
      const leftMs = deadline - elapsed();
      if (leftMs <= 0) return false;
      Atomics.wait(this.#words, word.ticket, done, leftMs);
    }
  }
}
