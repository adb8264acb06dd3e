// How calls lie in time: how many ran at once, and how long any of them ran.
import type { Span } from '../analysis/span.js';

export interface Overlap {
  /** How many ran at the same time, at most. */
  readonly atOnce: number;
  /** How long at least one of them ran, in microseconds. */
  readonly covered: number;
}

/** What is left between two moments of the times of calls. */
export function overlapOf(
  spans: readonly Pick<Span, 'from' | 'to'>[],
  from = -Infinity,
  to = Infinity,
): Overlap {
  // Numbers in plain memory: a large trace has tens of thousands of equal calls.
  const starts = new Float64Array(spans.length);
  const ends = new Float64Array(spans.length);
  let length = 0;
  for (const span of spans) {
    const start = Math.max(from, span.from);
    const end = Math.min(to, span.to);
    if (start >= end) continue;
    starts[length] = start;
    ends[length++] = end;
  }
  starts.subarray(0, length).sort();
  ends.subarray(0, length).sort();
  let ended = 0;
  let atOnce = 0;
  let covered = 0;
  for (let begun = 0; begun < length; begun++) {
    const start = starts[begun]!;
    // One of two calls that touch ends before the other begins.
    while (ended < begun && ends[ended]! <= start) ended++;
    atOnce = Math.max(atOnce, begun + 1 - ended);
    // Up to the next start, or to the end of all that have begun so far.
    const next = begun + 1 < length ? starts[begun + 1]! : Infinity;
    covered += Math.min(next, ends[begun]!) - start;
  }
  return { atOnce, covered };
}

/** The middle of some numbers, of which there is at least one. */
export function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.ceil(sorted.length / 2) - 1]!;
}
