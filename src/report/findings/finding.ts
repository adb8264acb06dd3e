// A finding: a cause of a trace's time, or of its failure, in a sentence that its numbers prove.
import type { Analysis } from '../analysis/analyse.js';
import type { Segment, Stay } from '../analysis/partition.js';
import type { Span } from '../analysis/span.js';
import type { TreePoint } from '../tree.js';

/** The kinds of causes, by the names that `--json` prints. */
export const findingKinds = [
  'unfinished',
  'error',
  'timeout',
  'aborted',
  'retries',
  'repeats',
  'sequential',
  'pool-wait',
  'connect-wait',
  'turn-wait',
  'socket-wait',
  'worker-wait',
  'worker-start',
  'blocked',
  'starved',
  'garbage-collection',
  'large-result',
  'slow-statement',
  'slow-call',
  'slow-command',
  'slow-service',
  'gap',
  'skew',
  'left-out',
] as const;

export type FindingKind = (typeof findingKinds)[number];

/** A cause, with the time that it explains and the points that prove it. */
export interface Finding {
  readonly kind: FindingKind;
  /** One sentence with the cause as its subject, the time and its share. Texts are as they were stored. */
  readonly sentence: string;
  /** The part of the trace's time that it explains, in microseconds; 0 for a cause that took no time. */
  readonly explains: number;
  /** Whether that is the most that it can be, and may be far from true. */
  readonly isAtMost?: boolean;
  /** How much sooner the trace would end without it, in microseconds; undefined if that is not known. */
  readonly wins: number | undefined;
  /** The points that prove it, the most telling first. */
  readonly points: readonly TreePoint[];
  /** The parts of the critical path that it is about, if it is about parts of a point's time. */
  readonly segments?: readonly Segment[];
  /** What to try, as a sentence that begins with an infinitive; undefined if there is nothing to say. */
  readonly advice: string | undefined;
}

/** Looks for one kind of cause. A detector is a pure function, and finds nothing rather than what is not sure. */
export type Detector = (analysis: Analysis) => readonly Finding[];

/** Looks at each point on the critical path. A large trace has too many of them for lists of what was found at each. */
export function alongPath(
  { stays }: Analysis,
  look: (span: Span, stay: Stay) => readonly Finding[],
): Finding[] {
  const all: Finding[] = [];
  for (const [span, stay] of stays) for (const finding of look(span, stay)) all.push(finding);
  return all;
}

/** From which part of the trace's time on a cause is worth a sentence. */
export function matters(
  micros: number,
  { duration }: Analysis,
  most: { share: number; micros: number },
): boolean {
  return micros >= duration * most.share && micros >= most.micros;
}
