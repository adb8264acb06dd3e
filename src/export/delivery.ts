// Delivers events to one store, through its failures. Events that the store does not accept within a moment are
// also written to the spool, so that a process that is killed loses no more than that moment. While events wait,
// all later events wait as well.
import { setTimeout as delay } from 'node:timers/promises';

import { type Driver, DriverError, type DriverSettings, WriteError } from '../drivers/driver.js';
import { masked, openDriver } from '../drivers/index.js';
import type { Line } from '../drivers/line.js';
import { within } from '../drivers/within.js';
import { messageOf } from '../trace/notice.js';
import { isPassing } from '../trace/passing.js';
import type { Account } from './accounts.js';
import { DropCounter } from './drop-counter.js';
import { DeliveryQueue } from './queue.js';
import { Spool, type SpoolSettings } from './spool.js';

const batchLines = 1000;
/** With the time for which events are collected, what a kill of the process can cost. */
const spoolAfterMs = 50;
const writeTimeoutMs = 30_000;
const firstRetryMs = 100;
const lastRetryMs = 10_000;
const housekeepingMs = 10_000;
const lookEveryMs = 1000;
const pollMs = 2;
/** A store that was away for some tenths of a second is nothing to talk about. */
const quietFailures = 3;
const goneReason = 'a file of the spool is gone or damaged';

export interface DeliverySettings {
  readonly drivers: DriverSettings;
  readonly spool: SpoolSettings;
}

/** What the deliveries of an exporter share with it. */
export interface DeliveryPlace {
  readonly account: Account;
  /** What the names of this exporter's files in the spool begin with. */
  readonly mark: string;
  /** Told where all that was pushed is in the store, in the spool, or lost. */
  readonly onSafe: () => void;
  /** Whether the events are somebody else's by now, because the process ends. */
  readonly isOver: () => boolean;
}

/** What delivers events to one store. */
export class Delivery {
  readonly #connectionString: string;
  readonly #place: DeliveryPlace;
  readonly #settings: DriverSettings;
  readonly #spool: Spool;
  readonly #queue: DeliveryQueue;
  readonly #drops: DropCounter;
  #driver: Driver | undefined;
  #isSending = false;
  #isLeaving = false;
  #failures = 0;
  #retryAt = 0;
  /** Runs after a look at what others have left, and whether one was due meanwhile. */
  #looking: NodeJS.Timeout | undefined;
  #isLookMissed = false;
  #reason = '';
  /** Runs while something waits in memory alone. */
  #spooling: NodeJS.Timeout | undefined;

  constructor(connectionString: string, { drivers, spool }: DeliverySettings, place: DeliveryPlace) {
    this.#connectionString = connectionString;
    this.#settings = drivers;
    this.#place = place;
    this.#spool = new Spool(connectionString, spool, place.mark);
    this.#queue = new DeliveryQueue(this.#spool, () => {
      this.#count();
      return !place.isOver();
    });
    this.#drops = new DropCounter(masked(connectionString), place.account);
    setInterval(() => this.#keepHouse(), housekeepingMs).unref();
  }

  /**
   * Takes lines, for `deliver` to send them; never throws.
   *
   * @param isRepeated whether it is open what of them has arrived
   * @returns false where they are lost, and counted
   */
  push(lines: readonly Line[], isRepeated = false): boolean {
    const isTaken = this.#queue.add(lines, isRepeated);
    this.#count();
    if (!isTaken) {
      this.#drops.add(lines.length, this.#whyLost());
      return false;
    }
    this.#spooling ??= setTimeout(() => {
      this.#spooling = undefined;
      this.spool();
    }, spoolAfterMs);
    return true;
  }

  /** Takes over what the thread that did this before has left behind. */
  reclaim(): void {
    this.#queue.reclaim();
    this.#count();
  }

  /** Writes to disk what waits in memory alone. */
  spool(): void {
    if (this.#place.isOver()) return;
    this.#queue.spool();
    this.#count();
  }

  /** Whether all that was pushed is in the store, in the spool, or lost. */
  get isSafe(): boolean {
    return this.#queue.count().unspooled === 0;
  }

  /** Counts events that are gone for good. */
  lose(count: number, reason: string): void {
    this.#drops.add(count, reason);
  }

  /**
   * Waits until all is stored, or until the time is up; what is not stored then is spooled.
   *
   * @param deadline in the terms of `performance.now()`
   * @param isLast whether the process ends
   */
  async flush(deadline: number, isLast: boolean): Promise<void> {
    this.#isLeaving = isLast;
    // A store that fails has had its chances: what it would take now, another process brings.
    while (this.#failures === 0 && !this.#queue.isEmpty && performance.now() < deadline) {
      await delay(pollMs);
    }
    if (isLast) {
      await this.#finish(deadline);
      if (!this.#place.isOver()) this.#audit();
    }
    this.spool();
    if (isLast && !this.#place.isOver()) this.#reportEnd();
  }

  /** Loading a client library may block this thread for longer than a process that ends can wait. */
  prepare(): void {
    if (this.#driver === undefined && !this.#connectionString.startsWith('file:')) this.spool();
  }

  /** Begins to send what waits, unless it is being sent or the store had a failure just now. */
  deliver(): void {
    if (this.#isSending || performance.now() < this.#retryAt || this.#place.isOver()) return;
    if (this.#queue.isEmpty && !this.#isLeaving) this.#inherit();
    if (this.#queue.isEmpty) return;
    this.prepare();
    this.#isSending = true;
    void this.#send().finally(() => {
      this.#isSending = false;
      this.deliver();
    });
  }

  /** Looks for what others have left; not after each batch, as it reads a folder. */
  #inherit(): void {
    if (this.#looking !== undefined) {
      this.#isLookMissed = true;
      return;
    }
    this.#queue.inherit();
    if (!this.#queue.isEmpty) return;
    this.#looking = setTimeout(() => {
      this.#looking = undefined;
      if (!this.#isLookMissed) return;
      this.#isLookMissed = false;
      this.deliver();
    }, lookEveryMs).unref();
  }

  /** Stores the oldest batch, or leaves of it what is to be tried again. */
  async #send(): Promise<void> {
    let lines: readonly Line[];
    let isRepeated: boolean;
    const count = this.#queue.firstCount;
    try {
      const started = this.#queue.start()!;
      ({ lines, isRepeated } = started);
      this.#drops.add(started.missing, goneReason);
    } catch (error) {
      const reason = `a file of the spool can't be read: ${messageOf(error)}`;
      if (isPassing(error)) this.#waitFor(reason);
      else if (count > 0) this.#drops.add(count, reason);
      else this.#drops.add(1, `${reason}; it has one event or more`);
      this.#count();
      return;
    }
    while (lines.length > 0) {
      const batch = lines.slice(0, batchLines);
      const failure = await this.#write(batch, isRepeated).catch(failureOf);
      let again: readonly Line[] = [];
      if (failure instanceof WriteError) {
        this.#drops.add(failure.refused, failure.message);
        again = failure.again;
      } else if (failure !== undefined) {
        again = batch;
      }
      lines = [...again, ...lines.slice(batchLines)];
      if (failure !== undefined && again.length > 0) {
        this.#postpone(lines, failure);
        return;
      }
      this.#failures = 0;
    }
    this.#queue.finish();
    this.#count();
    if (this.#queue.isEmpty) this.#restSpooling();
  }

  /** To wake up for nothing is dear where a command has been started meanwhile: see `worker.ts`. */
  #restSpooling(): void {
    clearTimeout(this.#spooling);
    this.#spooling = undefined;
  }

  #postpone(rest: readonly Line[], { message, isCertain }: DriverError): void {
    // Who has taken them back has spooled them.
    if (this.#place.isOver()) return;
    this.#queue.giveBack(rest, !isCertain);
    this.#count();
    this.#waitFor(message);
  }

  /** Tries again later, and later each time. */
  #waitFor(reason: string): void {
    this.#reason = reason;
    // Not all processes at the same moment.
    const waitMs = Math.min(lastRetryMs, firstRetryMs * 2 ** this.#failures++) * (0.5 + Math.random() / 2);
    this.#retryAt = performance.now() + waitMs;
    setTimeout(() => this.deliver(), waitMs + 1).unref();
    if (this.#failures <= quietFailures) return;
    this.#audit();
    if (this.#queue.count().spooled > 0) this.#drops.sayWaiting(this.#spool.folder, reason);
  }

  /** Says in shared memory what waits where; and that the copy in shared memory is not needed any more. */
  #count(): void {
    const { account, onSafe } = this.#place;
    const { spooled, unspooled } = this.#queue.count();
    account.spooled = spooled;
    account.unspooled = unspooled;
    account.held = this.#driver?.heldCount?.() ?? 0;
    if (unspooled === 0) onSafe();
  }

  /** @throws DriverError also when the store does not answer in time */
  async #write(lines: readonly Line[], isRepeated: boolean): Promise<void> {
    const driver = (this.#driver ??= openDriver(this.#connectionString, this.#settings));
    const writing = (async () => driver.write(lines, { isRepeated }))();
    await within(writeTimeoutMs, writing, () => {
      this.#driver = undefined;
      this.#takeBack(driver.takeHeld?.() ?? []);
      void (async () => driver.close())().catch(() => {});
      return new DriverError(
        `${masked(this.#connectionString)} gave no answer for ${writeTimeoutMs / 1000} s`,
      );
    });
  }

  /** Has the driver store what waits for its other half in it; what it can't is spooled. */
  async #finish(deadline: number): Promise<void> {
    const driver = this.#driver;
    if (driver === undefined) return;
    if (!this.#isSending && this.#failures === 0) {
      const finishing = (async () => driver.write([], { isLast: true }))();
      const late = (): Error => new DriverError('the store did not answer in time');
      const failure = await within(deadline - performance.now(), finishing, late).catch(failureOf);
      if (failure === undefined) return;
      this.#reason = failure.message;
      if (failure instanceof WriteError) {
        this.#drops.add(failure.refused, failure.message);
        this.#takeBack(failure.again);
      }
    }
    this.#takeBack(driver.takeHeld?.() ?? []);
  }

  #takeBack(lines: readonly Line[]): void {
    if (!this.#queue.add(lines, true)) this.#drops.add(lines.length, this.#whyLost());
  }

  #keepHouse(): void {
    this.#spool.touch();
    this.#drops.add(this.#spool.expire(), 'they waited in the spool for too long');
    this.#drops.report(false);
    this.deliver();
  }

  /** What is said to wait in files is to be there: anybody may remove them. */
  #audit(): void {
    this.#drops.add(this.#queue.audit(), goneReason);
    this.#count();
  }

  #reportEnd(): void {
    const { spooled, unspooled } = this.#queue.count();
    this.#drops.add(unspooled, this.#whyLost());
    this.#drops.report(true);
    if (spooled > 0) this.#drops.sayLeft(spooled, this.#spool.folder, this.#reason);
  }

  #whyLost(): string {
    return [this.#reason, this.#queue.problem].filter((reason) => reason !== '').join('; ');
  }
}

function failureOf(error: unknown): DriverError {
  return error instanceof DriverError ? error : new DriverError(messageOf(error), { cause: error });
}
