// The trace as the page gets it: one object of JSON, in which points are columns of numbers, because 50,000 objects
// would take seconds to make and to keep.
//
// All times are in microseconds since the start of the root, by the clock of its host; they may be negative for what
// began before it. Texts are cut and have no control characters; the raw events are as they were stored.

import type { Event } from '../../trace/event.js';

/** The families of points, which have one colour each. */
export type KindName = 'in' | 'fn' | 'out' | 'db' | 'cache' | 'msg' | 'proc';

/** A tag of a point: `SQL`. It says its family in more detail. */
export interface PageKind {
  readonly family: KindName;
  /** Three letters or fewer. */
  readonly tag: string;
}

/** Bits of a point's state. */
export const flag = {
  /** It failed. */
  failed: 1,
  /** The failure began here, and is no echo of one below. */
  began: 2,
  /** It has no stop. */
  open: 4,
  /** Its caller does not wait for it, or it went on after its caller. */
  beside: 8,
  /** It stands in the row of its parent: the `sql` point of a `db` point. */
  merged: 16,
  /** It stands for the trace itself, because several points are at its top. */
  whole: 32,
  /** It called a service of which nothing is in the trace. */
  unanswered: 64,
  /** Its caller gave it up on purpose. */
  cancelled: 128,
} as const;

/** The points, each after its parent and before its next sibling, as columns of the same length. */
export interface PointColumns {
  /** The index of the point above; -1 for the root. */
  readonly parent: readonly number[];
  /** A number made of its trace_id: links name it so, also when more points have arrived. */
  readonly id: readonly number[];
  readonly start: readonly number[];
  /** The end; of an unfinished point the last that was heard of it or of what is below it. */
  readonly end: readonly number[];
  /** The part of its time in which nothing below it was running. */
  readonly self: readonly number[];
  /** An index of `kinds`. */
  readonly kind: readonly number[];
  /** An index of `services`; -1 if the point names none. */
  readonly service: readonly number[];
  /** An index of `texts`: what it did. */
  readonly label: readonly number[];
  /** An index of `texts`: how it ended, and other details. */
  readonly detail: readonly number[];
  /** An index of `texts`: what equal calls have in common. */
  readonly what: readonly number[];
  /** An index of `texts`: the system that it calls; -1 if it calls none, or does not say which. */
  readonly peer: readonly number[];
  /** Bits of `flag`. */
  readonly flags: readonly number[];
  /** The number of the repeat that it is one of, counted from 0; -1 for none. Repeats are siblings. */
  readonly repeat: readonly number[];
}

/** The stay of the critical path in points: one stretch for each point that it passes through. */
export interface PathColumns {
  readonly point: readonly number[];
  readonly from: readonly number[];
  readonly to: readonly number[];
}

/** How a part of the path passed: working, blocked, waiting, or nothing is recorded. */
export type Pattern = 'work' | 'blocked' | 'wait' | 'none';

/** The parts of the duration in the order of time. Each begins where the one before it ends; the first at 0. */
export interface PartColumns {
  readonly to: readonly number[];
  /** Equal parts share it: an index of `keys`, the lines of the key. */
  readonly key: readonly number[];
}

/** Why points have failed, in a word: a class, a status, a signal. */
export interface FailureColumns {
  readonly point: readonly number[];
  /** An index of `texts`. */
  readonly text: readonly number[];
}

/** A line of the key: all parts that did the same. */
export interface PageKey {
  readonly label: string;
  readonly pattern: Pattern;
  /** An index of `kinds`. */
  readonly kind: number;
  /** An index of `services`, or -1. */
  readonly service: number;
  readonly failed: boolean;
  /** The number of the finding that it proves, from 1 on; 0 for none. */
  readonly finding: number;
  /** What is chosen with it. */
  readonly target: Target;
}

/** A row: of a point, of a repeat, of a gap. */
export type Target = { readonly point: number } | { readonly repeat: number } | { readonly gap: number };

/** A stretch of a point in which nothing below it worked, with a row of its own. */
export interface PageGap {
  readonly parent: number;
  readonly from: number;
  readonly to: number;
  readonly pattern: Exclude<Pattern, 'work'>;
  readonly label: string;
  readonly detail: string;
  /** Whether it is a part of the critical path. */
  readonly onPath: boolean;
  readonly finding: number;
}

/** A part of a sentence; a `figure` is the number that it is about, `code` a place in code. */
export interface PagePiece {
  readonly text: string;
  readonly style?: 'figure' | 'code';
}

export interface PageFinding {
  readonly kind: string;
  readonly sentence: readonly PagePiece[];
  /** In microseconds; 0 for a cause that took no time. */
  readonly explains: number;
  /** How much sooner the trace would end without it; null if that is not known. */
  readonly wins: number | null;
  /** The points that prove it, the most telling first, at most a hundred. */
  readonly points: readonly number[];
  readonly advice: string | null;
  /** The row that shows it; null if there is none. */
  readonly target: Target | null;
}

/** Everything that the page shows of a trace but the raw events. */
export interface PageTrace {
  readonly version: 1;
  readonly base_id: string;
  /** The start of the root, in microseconds since 1970. */
  readonly startedAt: number;
  /** Its beginning in words: `GET /orders/42`. */
  readonly title: string;
  readonly method: string | null;
  readonly route: string | null;
  readonly status: number | null;
  /** The time of the root: the sum of all parts. */
  readonly duration: number;
  /** From the first start to the last end. */
  readonly from: number;
  readonly to: number;
  readonly errors: number;
  readonly unfinished: number;
  /** How many points were stored; rows of notes are none. */
  readonly count: number;
  readonly kinds: readonly PageKind[];
  readonly services: readonly string[];
  readonly texts: readonly string[];
  readonly points: PointColumns;
  readonly path: PathColumns;
  readonly failures: FailureColumns;
  readonly parts: PartColumns;
  readonly keys: readonly PageKey[];
  readonly gaps: readonly PageGap[];
  readonly findings: readonly PageFinding[];
  /** The point that takes most of the time, where nothing was found. */
  readonly otherwise: string;
  /** What is not in the trace, and what its times were corrected by. */
  readonly notes: readonly string[];
}

/** How many points share one piece of raw events: a page asks for the piece of the point that it shows. */
export const eventsInPiece = 500;

/** The data of the page. */
export interface Page {
  readonly trace: PageTrace;
  /** How many pieces the events are in. */
  readonly pieces: number;
  /** The events of the points of a piece, `eventsInPiece` of them, each point with its own. */
  eventsOf(piece: number): readonly (readonly Event[])[];
}
