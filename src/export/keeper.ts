// Keeps a copy of the records that the exporter's thread has taken, until they are stored or spooled.
import type { Line } from '../drivers/driver.js';
import type { Accounts } from './accounts.js';
import { type Keep, type Ring, append, appended, forget, truncate } from './ring.js';

/** The deliveries, as the keeper sees them. */
interface Delivering {
  /** Whether everything that it was given is in the store, in the spool, or lost. */
  readonly isSafe: boolean;
  spool(): void;
}

/**
 * The size of the copy. Memory is only taken for the part that is used. There is always room for everything that a
 * ring may hold.
 */
export const keptBytes = 16 * 1024 * 1024;

/**
 * Keeps a copy of the records that the exporter's thread has taken, in shared memory, until they are in the stores
 * or in the spool. The records therefore do not end with that thread. If the thread is blocked at the end of the
 * process, or dies, the application's thread or the next exporter's thread finds them there. Copying them costs
 * next to nothing. Leaving them in the rings would make the application write into memory that is in no cache.
 */
export class Keeper {
  readonly #copy: Ring;
  readonly #accounts: Accounts;
  #deliveries: readonly Delivering[] = [];
  /** Whether some records were kept that have not been given to all deliveries yet. */
  #isOpen = false;
  /** The end of the copy without these records. */
  #before = 0;

  constructor(copy: Ring, accounts: Accounts) {
    this.#copy = copy;
    this.#accounts = accounts;
  }

  /** The records that a previous thread has kept. They stay in the copy. */
  left(take: (ring: Ring, at: number, length: number) => Line): Line[] {
    this.#isOpen = true;
    return appended(this.#copy, take);
  }

  watch(deliveries: readonly Delivering[]): void {
    this.#deliveries = deliveries;
  }

  readonly keep: Keep = (ring, from, to, count) => {
    this.#isOpen = true;
    if (!append(this.#copy, ring, from, to)) this.#accounts.unkept += count;
  };

  /**
   * Tells that all deliveries have been given the kept records; or that none has taken them, and they are counted
   * as lost.
   */
  settle(count: number, isTaken: boolean): void {
    this.#isOpen = false;
    if (isTaken) this.#accounts.given += count;
    else truncate(this.#copy, this.#before);
    if (this.#copy.written > keptBytes / 2) for (const each of this.#deliveries) each.spool();
    this.release();
    this.#before = this.#copy.written;
  }

  /** Forgets the copy if it is not needed any more. */
  release(): void {
    if (this.#isOpen || !this.#deliveries.every(({ isSafe }) => isSafe)) return;
    if (!forget(this.#copy)) return;
    this.#accounts.given = 0;
    this.#before = this.#copy.written;
    this.#accounts.unkept = 0;
  }
}
