// Puts short collections of garbage together that follow each other closely.

/** A collection, as Node tells of it. Times in milliseconds on the monotonic clock. */
export interface Collection {
  readonly startTime: number;
  readonly duration: number;
  /** `minor`, `major`; undefined if Node has a new kind. */
  readonly kind: string | undefined;
}

/** A collection, or several short ones that are told of as one. */
export interface Run {
  readonly startTime: number;
  readonly endTime: number;
  /** Undefined if they are of several kinds. */
  readonly kind: string | undefined;
  readonly count: number;
  /** How long was collected. */
  readonly ms: number;
}

/** A collection that takes so long is a run by itself. */
export const longMs = 1;

/**
 * The runs in some collections, which are in the order of time. In a run, the thread collected for a third of the time
 * or more: on a fast machine, a thread that drowns in garbage has a hundred collections of half a millisecond each.
 */
export function runsOf(collections: readonly Collection[]): readonly Run[] {
  const runs: Run[] = [];
  // The length of the last collection, if more may follow in its run.
  let last: number | undefined;
  for (const { startTime, duration, kind } of collections) {
    const endTime = startTime + duration;
    const before = runs.at(-1);
    const isShort = duration < longMs;
    if (
      before !== undefined &&
      isShort &&
      last !== undefined &&
      startTime - before.endTime <= last + duration
    ) {
      runs[runs.length - 1] = {
        startTime: before.startTime,
        endTime: Math.max(before.endTime, endTime),
        kind: before.kind === kind ? kind : undefined,
        count: before.count + 1,
        ms: before.ms + duration,
      };
    } else {
      runs.push({ startTime, endTime, kind, count: 1, ms: duration });
    }
    last = isShort ? duration : undefined;
  }
  return runs;
}
