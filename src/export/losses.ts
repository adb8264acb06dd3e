import { tell } from '../trace/notice.js';

const reportEveryMs = 60_000;

/** Says what becomes of a store's events where they are not stored, a line a minute at the most. */
export class Losses {
  readonly #store: string;
  #lost = 0;
  #reason = '';
  #saidAt = -reportEveryMs;

  constructor(store: string) {
    this.#store = store;
  }

  /** Counts events that are gone for good. */
  add(count: number, reason: string): void {
    if (count === 0) return;
    this.#lost += count;
    this.#reason = reason;
    this.report(false);
  }

  /** @param isLast whether the process ends, so that there is no later moment */
  report(isLast: boolean): void {
    if (this.#lost === 0 || (!isLast && !this.#isTime())) return;
    tell(`${this.#lost} events were lost: ${this.#reason}`);
    this.#lost = 0;
    this.#saidAt = performance.now();
  }

  /** Events wait for a store that does not take them. */
  sayWaiting(folder: string, reason: string): void {
    if (!this.#isTime()) return;
    tell(`events for ${this.#store} wait in ${folder}: ${reason}`);
    this.#saidAt = performance.now();
  }

  /** The process ends, and events wait on. */
  sayLeft(count: number, folder: string, reason: string): void {
    const why = reason || 'the store is slow';
    tell(`${count} events wait in ${folder} for the next traced process, or for ostrace flush: ${why}`);
  }

  #isTime(): boolean {
    return performance.now() - this.#saidAt >= reportEveryMs;
  }
}
