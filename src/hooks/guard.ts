import { messageOf, notice, wordsOf } from '../trace/notice.js';
import { isPassing } from '../trace/passing.js';
import { type Point, stopPoint } from '../trace/point.js';

/**
 * The seam between the application and a hook. What a hook throws is a bug of ours: it is reported once,
 * and the hook is off from then on, so that the application never sees it. But for what passes: a process that has no
 * descriptors left gets some back.
 */
export interface Guard {
  off: boolean;
  fail(error: unknown): void;
}

/** How often a hook has failed for what passes. */
export const shortages: { seen: number } = { seen: 0 };

/** @param what names the hook in the report: `pg Client.query` */
export function createGuard(what: string): Guard {
  return {
    off: false,
    fail(error) {
      if (isPassing(error)) {
        shortages.seen++;
        notice(`the hook of ${what} failed for now; the application goes on: ${messageOf(error)}`);
        return;
      }
      this.off = true;
      notice(
        `the hook of ${what} failed and is switched off; the application goes on. Please report: ${wordsOf(error)}`,
      );
    },
  };
}

/** Runs a hook's code under its guard; undefined when it failed. */
export function guarded<Result>(guard: Guard, body: () => Result): Result | undefined {
  if (guard.off) return undefined;
  try {
    return body();
  } catch (error) {
    guard.fail(error);
    return undefined;
  }
}

/** Sets up what is to stop a point; where that throws, nothing else would stop it, and so it stops now. */
export function stoppingOnError<Result>(point: Point, body: () => Result): Result {
  try {
    return body();
  } catch (error) {
    stopPoint(point);
    throw error;
  }
}

/** Reads what the application made, with getters or as a Proxy perhaps; undefined where that throws. */
export function read<Value>(value: () => Value): Value | undefined {
  try {
    return value();
  } catch {
    return undefined; // it throws again where the library reads it: that one is the application's to see
  }
}
