// Tells which libraries of this process make calls that no hook sees, for the end of the points at its top.
import { lifecycle } from './trace.js';

let find: (() => readonly string[]) | undefined;
let found: readonly string[] | undefined;

/** Sets what finds the libraries: their names and versions. It must not throw. */
export function findUnseenBy(finder: () => readonly string[]): void {
  find = finder;
  // Libraries that are loaded later are found with the next trace that begins when none is live.
  lifecycle.onFirst.push(() => (found = undefined));
}

/** The libraries, such as `mongodb 6.1.0`; undefined if there are none. A look takes a millisecond, so it is kept. */
export function unseenLibraries(): readonly string[] | undefined {
  found ??= find?.() ?? [];
  return found.length === 0 ? undefined : found;
}
