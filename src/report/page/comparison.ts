// The comparison of two traces as the page gets it. Times are in microseconds.
import type { PageKind, PagePiece, PartColumns, Pattern } from './page-trace.js';

/** One of the two traces. */
export interface ComparedTrace {
  readonly base_id: string;
  /** In microseconds since 1970. */
  readonly startedAt: number;
  /** Its beginning in words: `GET /orders/{id}`. */
  readonly title: string;
  readonly duration: number;
  readonly points: number;
  readonly errors: number;
  readonly unfinished: number;
  /** The whole duration in the order of time; a part's key is the index of its step. */
  readonly parts: PartColumns;
}

/** The points of a step in one trace. */
export interface ComparedSide {
  /** How many points; of waiting and blocking, how many times. */
  readonly count: number;
  /** What they are of the duration; of all steps these sum up to it. */
  readonly self: number;
}

/** A step of the bridge from A to B: points that did the same, or a way in which they passed the time. */
export interface PageStep {
  readonly label: string;
  /** Where it is, or what is not in it; may be ''. */
  readonly detail: string;
  readonly pattern: Pattern;
  /** An index of `kinds`. */
  readonly kind: number;
  readonly service: string;
  readonly change: 'new' | 'gone' | 'more' | 'fewer' | 'slower' | 'faster' | 'same';
  /** What it is of the difference; these sum up to it. */
  readonly difference: number;
  /** Null where nothing of it is in the trace. */
  readonly a: ComparedSide | null;
  readonly b: ComparedSide | null;
}

/** Everything that the page shows of two traces beside each other. */
export interface PageComparison {
  readonly version: 1;
  readonly kinds: readonly PageKind[];
  readonly a: ComparedTrace;
  readonly b: ComparedTrace;
  /** How much longer B took. */
  readonly difference: number;
  readonly sentence: readonly PagePiece[];
  /** What is to be kept in mind about the two. */
  readonly cautions: readonly string[];
  /** The largest difference first, whichever its sign. */
  readonly steps: readonly PageStep[];
}
