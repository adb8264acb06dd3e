// Counts lost events, and reports what happens to events that are not stored.
import { elapsed } from '../trace/clock.js';
import { count, countWas } from '../trace/count.js';
import { tell } from '../trace/notice.js';
import { Account } from './accounts.js';

const reportEveryMs = 60_000;

/** Reports what happens to the events of a store that are not stored, in at most one line a minute. */
export class DropCounter {
  readonly #store: string;
  /** Counts the events that are lost and not yet reported. */
  readonly #account: Account;
  #reason = '';
  #saidAt = -reportEveryMs;

  constructor(store: string, account: Account = new Account()) {
    this.#store = store;
    this.#account = account;
  }

  /** Counts events that are gone for good. */
  add(lost: number, reason: string): void {
    if (lost === 0) return;
    this.#account.lose(lost);
    this.#reason = reason;
    this.report(false);
  }

  /**
   * @param isLast whether the process ends, so that there is no later moment
   * @param otherwise the reason, if another thread has counted the events
   */
  report(isLast: boolean, otherwise = "the exporter's thread ended"): void {
    if (this.#account.unsaid === 0 || (!isLast && !this.#isTime())) return;
    const lost = this.#account.takeUnsaid();
    if (lost === 0) return;
    tell(`${countWas(lost, 'event')} lost: ${this.#reason || otherwise}`);
    this.#saidAt = elapsed();
  }

  /** Reports that events wait for a store that does not accept them. */
  sayWaiting(folder: string, reason: string): void {
    if (!this.#isTime()) return;
    tell(`events for ${this.#store} wait in ${folder}: ${reason}`);
    this.#saidAt = elapsed();
  }

  /** Reports that the process ends while events still wait. */
  sayLeft(left: number, folder: string, reason: string): void {
    const why = reason || 'the store is slow';
    tell(
      `${count(left, 'event')} ${left === 1 ? 'waits' : 'wait'} in ${folder} for the next traced process, or for ostrace flush: ${why}`,
    );
  }

  #isTime(): boolean {
    return elapsed() - this.#saidAt >= reportEveryMs;
  }
}
