// Equal parts that follow each other, with next to nothing between them: they have one label, as each is too narrow.
import type { WidePart } from '../trace/parts.js';

/** Parts of one step that follow each other. Times are in microseconds. */
export interface Run {
  readonly from: number;
  readonly to: number;
  /** The index of the step. */
  readonly key: number;
  readonly parts: number;
  /** The time of the parts, without what lies between them. */
  readonly time: number;
}

/** More pixels than this between two parts end the run. */
const mostBetween = 4;
const leastPixels = 60;

/** The runs that are wide enough for a label. */
export function runsOf(parts: readonly WidePart[], perPixel: number): readonly Run[] {
  const runs: Run[] = [];
  for (const { from, to, key } of parts) {
    const last = runs.at(-1);
    if (last !== undefined && last.key === key && from - last.to <= mostBetween * perPixel) {
      runs[runs.length - 1] = { ...last, to, parts: last.parts + 1, time: last.time + to - from };
    } else runs.push({ from, to, key, parts: 1, time: to - from });
  }
  return runs.filter((run) => run.parts > 1 && run.to - run.from >= leastPixels * perPixel);
}
