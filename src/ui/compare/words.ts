// The numbers of the comparison.
import { columnTime } from '../trace/words.js';

/** A difference in a column: milliseconds with a sign; nothing is 0 without one. */
export function signedTime(micros: number, decimals: number): string {
  const size = columnTime(Math.abs(micros), decimals);
  if (Number(size) === 0) return size;
  return `${micros > 0 ? '+' : '\u2212'}${size}`;
}
