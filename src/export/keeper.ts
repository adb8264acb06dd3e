// Keeps a copy of the records that the exporter's thread has taken, until they are stored or spooled.
import type { Line } from '../drivers/line.js';
import type { Accounts } from './accounts.js';
import { type Keep, type Ring, append, appended, forget, truncate } from './ring.js';

/** What can be asked of the deliveries. */
interface Delivering {
  /** Whether all that it was given is in the store, in the spool, or lost. */
  readonly isSafe: boolean;
  spool(): void;
}

/** Of records: memory is taken only for what is used of it. At any time there is room for all that a ring may hold. */
export const keptBytes = 16 * 1024 * 1024;

/**
 * Keeps a copy of the records that the exporter's thread has taken, in shared memory, until they are in the stores or
 * in the spool: so that they do not end with this thread. Where it is blocked at the end of the process, or dies, the
 * application's thread or the next one finds them there. To copy them costs next to nothing; to leave them in the
 * rings would cost the application, which would write into memory that is in no cache.
 */
export class Keeper {
  readonly #copy: Ring;
  readonly #accounts: Accounts;
  #deliveries: readonly Delivering[] = [];
  /** Whether records were kept that have not been given to all deliveries yet. */
  #isOpen = false;
  /** Up to where the copy goes without these. */
  #before = 0;

  constructor(copy: Ring, accounts: Accounts) {
    this.#copy = copy;
    this.#accounts = accounts;
  }

  /** The records that a thread which ended has kept; they stay. */
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

  /** All deliveries have been given what was kept; or none has taken it, and it is counted as lost. */
  settle(count: number, isTaken: boolean): void {
    this.#isOpen = false;
    if (isTaken) this.#accounts.given += count;
    else truncate(this.#copy, this.#before);
    if (this.#copy.written > keptBytes / 2) for (const each of this.#deliveries) each.spool();
    this.release();
    this.#before = this.#copy.written;
  }

  /** Forgets the copy where it is not needed any more. */
  release(): void {
    if (this.#isOpen || !this.#deliveries.every(({ isSafe }) => isSafe)) return;
    if (!forget(this.#copy)) return;
    this.#accounts.given = 0;
    this.#before = this.#copy.written;
    this.#accounts.unkept = 0;
  }
}
