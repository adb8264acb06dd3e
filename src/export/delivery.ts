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
/** This is what a kill of the process can cost, together with the time for which events are collected. */
const spoolAfterMs = 50;
const writeTimeoutMs = 30_000;
const firstRetryMs = 100;
const lastRetryMs = 10_000;
const housekeepingMs = 10_000;
const lookEveryMs = 1000;
const pollMs = 2;
/** A store that was away for some tenths of a second is not worth a report. */
const quietFailures = 3;
const goneReason = 'a file of the spool is gone or damaged';

export interface DeliverySettings {
  readonly drivers: DriverSettings;
  readonly spool: SpoolSettings;
}

/** The objects that the deliveries of one exporter share with it. */
export interface DeliveryPlace {
  readonly account: Account;
  /** The beginning of the names of this exporter's files in the spool. */
  readonly mark: string;
  /** Called when everything that was pushed is in the store, in the spool, or lost. */
  readonly onSafe: () => void;
  /** Whether somebody else has the events by now, because the process ends. */
  readonly isOver: () => boolean;
}

/** Delivers events to one store. */
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
  /** This timer runs after a look for what others have left; `#isLookMissed` says whether a look was due meanwhile. */
  #looking: NodeJS.Timeout | undefined;
  #isLookMissed = false;
  #reason = '';
  /** Runs while events wait in memory only. */
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
   * Takes lines, which `deliver` will send. Never throws.
   *
   * @param isRepeated whether it is unknown which of them have arrived
   * @returns false if they are lost, and counted
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

  /** Takes over what the previous exporter's thread has left behind. */
  reclaim(): void {
    this.#queue.reclaim();
    this.#count();
  }

  /** Writes the events that wait in memory only to disk. */
  spool(): void {
    if (this.#place.isOver()) return;
    this.#queue.spool();
    this.#count();
  }

  /** Whether everything that was pushed is in the store, in the spool, or lost. */
  get isSafe(): boolean {
    return this.#queue.count().unspooled === 0;
  }

  /** Counts events that are gone for good. */
  lose(count: number, reason: string): void {
    this.#drops.add(count, reason);
  }

  /**
   * Waits until everything is stored, or until the time is up. Events that are not stored by then are spooled.
   *
   * @param deadline in the terms of `performance.now()`
   * @param isLast whether the process ends
   */
  async flush(deadline: number, isLast: boolean): Promise<void> {
    this.#isLeaving = isLast;
    // A store that fails has had its chances. Another process will bring it what it would accept now.
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

  /** Begins to send the waiting events, unless they are being sent or the store has just failed. */
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

  /** Looks for what others have left. It does not do so after each batch, because it reads a folder. */
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

  /** Stores the oldest batch, or keeps the part of it that is to be tried again. */
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

  /** Waking up for nothing is expensive after a command has been started: see `worker.ts`. */
  #restSpooling(): void {
    clearTimeout(this.#spooling);
    this.#spooling = undefined;
  }

  #postpone(rest: readonly Line[], { message, isCertain }: DriverError): void {
    // The application's thread, which has taken the events back, has spooled them.
    if (this.#place.isOver()) return;
    this.#queue.giveBack(rest, !isCertain);
    this.#count();
    this.#waitFor(message);
  }

  /** Tries again later, and waits longer after each failure. */
  #waitFor(reason: string): void {
    this.#reason = reason;
    // The random part keeps all processes from trying at the same moment.
    const waitMs = Math.min(lastRetryMs, firstRetryMs * 2 ** this.#failures++) * (0.5 + Math.random() / 2);
    this.#retryAt = performance.now() + waitMs;
    setTimeout(() => this.deliver(), waitMs + 1).unref();
    if (this.#failures <= quietFailures) return;
    this.#audit();
    if (this.#queue.count().spooled > 0) this.#drops.sayWaiting(this.#spool.folder, reason);
  }

  /** Writes to shared memory which events wait where, and whether the copy there is still needed. */
  #count(): void {
    const { account, onSafe } = this.#place;
    const { spooled, unspooled } = this.#queue.count();
    account.spooled = spooled;
    account.unspooled = unspooled;
    account.held = this.#driver?.heldCount?.() ?? 0;
    if (unspooled === 0) onSafe();
  }

  /** @throws DriverError also if the store does not answer in time */
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

  /**
   * Has the driver store the events that wait in it for their other half. Events that it cannot store are spooled.
   */
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

  /** Before it is reported that events wait in files, the files are checked: anybody may remove them. */
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
