// Keeps the errors of our hooks away from the application.
import { messageOf, notice, wordsOf } from '../trace/notice.js';
import { isPassing } from '../trace/passing.js';
import { type Point, stopPoint } from '../trace/point.js';

/**
 * The seam between the application and a hook. An error of a hook is a bug of ours: it is reported once, and the hook
 * is off from then on, so the application never sees it. Shortages that pass do not switch a hook off: a process that
 * has no descriptors left will get some back.
 */
export interface Guard {
  off: boolean;
  fail(error: unknown): void;
}

/** The number of failures of hooks because of a shortage that passes. */
export const shortages: { seen: number } = { seen: 0 };

/** @param what the hook's name in the report: `pg Client.query` */
export function createGuard(what: string): Guard {
  return {
    off: false,
    fail(error) {
      if (isPassing(error)) {
        shortages.seen++;
        notice(
          `the hook of ${what} failed because the process ran short of a resource; the hook stays on, and the application goes on: ${messageOf(error)}`,
        );
        return;
      }
      this.off = true;
      notice(
        `the hook of ${what} failed and is switched off; the application goes on. Please report: ${wordsOf(error)}`,
      );
    },
  };
}

/** Runs a hook's code under its guard; undefined if it failed. */
export function guarded<Result>(guard: Guard, body: () => Result): Result | undefined {
  if (guard.off) return undefined;
  try {
    return body();
  } catch (error) {
    guard.fail(error);
    return undefined;
  }
}

/** Sets up the code that stops a point. If the set-up throws, nothing else would stop the point, so it stops now. */
export function stoppingOnError<Result>(point: Point, body: () => Result): Result {
  try {
    return body();
  } catch (error) {
    stopPoint(point);
    throw error;
  }
}

/** Reads a value that the application made, which may be a getter or a Proxy; undefined if reading throws. */
export function read<Value>(value: () => Value): Value | undefined {
  try {
    return value();
  } catch {
    return undefined; // it throws again when the library reads it, and then the application sees it
  }
}
