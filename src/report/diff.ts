// Compares two traces: what became slower, what is new, what is gone, and how much of the difference each of these is.
import { failureIn } from '../trace/failed.js';
import { isWork, tellsOfCalls } from './about.js';
import { type Aligned, type Alignment, align } from './align.js';
import { type Analysis, analyse } from './analysis/analyse.js';
import { Durations, Room } from './durations.js';
import { countErrors } from './errors.js';
import { type Subject, subjectOf } from './subject.js';
import type { Tree, TreePoint } from './tree.js';

/** Points of one trace that did the same. Times are in microseconds. */
export interface DiffSide {
  readonly count: number;
  /** What they are of the duration of the trace, on its critical path. These sum up to the duration. */
  readonly self: number;
  /** How long they took, with what was below them, as far as that is known. */
  readonly total: number;
  readonly p50: number;
  readonly max: number;
  readonly failed: number;
  /** Points of which no duration is known, because an end is missing or before its start. */
  readonly unfinished: number;
}

/** What two traces did alike, or only one of them. */
export interface DiffGroup extends Subject {
  readonly path: readonly string[];
  readonly change: 'new' | 'gone' | 'more' | 'fewer' | 'slower' | 'faster' | 'same';
  readonly moved: boolean;
  /** Whether other points are below, so that `self` is only a part of what these took. */
  readonly hasBelow: boolean;
  /** What it is of the difference of the durations. */
  readonly difference: number;
  /** Null where nothing of it is in the trace. */
  readonly a: DiffSide | null;
  readonly b: DiffSide | null;
}

/** One of the two traces. */
export interface DiffTrace {
  readonly base_id: string;
  /** In microseconds since 1970. */
  readonly startedAt: number;
  /** What it began with. */
  readonly beginning: Subject;
  readonly duration: number;
  readonly points: number;
  readonly errors: number;
  readonly unfinished: number;
  /** Whether calls were left out of it. */
  readonly incomplete: boolean;
}

/** Two traces, compared. */
export interface Diff {
  readonly a: DiffTrace;
  readonly b: DiffTrace;
  /** How much longer B took. */
  readonly difference: number;
  /** The largest difference first, whichever its sign. */
  readonly groups: readonly DiffGroup[];
  /** The time between the points at the top, if there are several, so that all differences sum up. */
  readonly rest: { readonly a: number; readonly b: number; readonly difference: number };
}

/** Two traces beside each other, each with its critical path. */
export interface Beside extends Alignment {
  readonly ofA: Analysis;
  readonly ofB: Analysis;
}

/** Puts a trace beside one before it. */
export const beside = (a: Tree, b: Tree): Beside => ({ ...align(a, b), ofA: analyse(a), ofB: analyse(b) });

/** Compares a trace with one before it. */
export const diff = (a: Tree, b: Tree): Diff => diffOf(beside(a, b));

/** Compares two traces that stand beside each other. */
export function diffOf({ groups, groupOf, ofA, ofB }: Beside): Diff {
  const [inA, inB] = [timesOf(ofA, groupOf), timesOf(ofB, groupOf)];
  const room = new Room();
  const compared = groups.map((group): DiffGroup => {
    const sideA = sideOf(group.a, inA.get(group) ?? 0, room);
    const sideB = sideOf(group.b, inB.get(group) ?? 0, room);
    const difference = (sideB?.self ?? 0) - (sideA?.self ?? 0);
    const { subject, path, moved, hasBelow } = group;
    const change = changeOf(sideA?.count ?? 0, sideB?.count ?? 0, difference);
    return { ...subject, path, change, moved, hasBelow, difference, a: sideA, b: sideB };
  });
  const [restA, restB] = [inA.get(undefined) ?? 0, inB.get(undefined) ?? 0];
  return {
    a: traceOf(ofA),
    b: traceOf(ofB),
    difference: ofB.duration - ofA.duration,
    groups: compared.toSorted((one, other) => Math.abs(other.difference) - Math.abs(one.difference)),
    rest: { a: restA, b: restB, difference: restB - restA },
  };
}

/** The time of each group on the critical path; that of undefined is the time between the points at the top. */
function timesOf(
  { segments }: Analysis,
  groupOf: (point: TreePoint) => Aligned | undefined,
): ReadonlyMap<Aligned | undefined, number> {
  const times = new Map<Aligned | undefined, number>();
  for (const { span, from, to } of segments) {
    const group = groupOf(span.point);
    times.set(group, (times.get(group) ?? 0) + to - from);
  }
  return times;
}

function sideOf(points: readonly TreePoint[], self: number, room: Room): DiffSide | null {
  if (points.length === 0) return null;
  const durations = new Durations(room);
  for (const { started = NaN, finished = NaN } of points) {
    if (finished >= started) durations.add(finished - started);
  }
  const { count, total, p50, max } = durations.spread();
  return {
    count: points.length,
    self,
    total,
    p50,
    max,
    failed: points.filter(({ stopInfo = {} }) => failureIn(stopInfo) !== undefined).length,
    unfinished: points.length - count,
  };
}

/** How often points are in each trace tells more than how long they took. */
export function changeOf(a: number, b: number, difference: number): DiffGroup['change'] {
  if (a === 0) return 'new';
  if (b === 0) return 'gone';
  if (a !== b) return b > a ? 'more' : 'fewer';
  return difference === 0 ? 'same' : difference > 0 ? 'slower' : 'faster';
}

function traceOf({ tree, duration }: Analysis): DiffTrace {
  const { base_id, startedAt, points, roots } = tree;
  const work = points.filter(isWork);
  const own = roots.filter((root) => isWork(root) && root.parent_id === base_id);
  const beginning = own.find(({ name }) => name === 'wsgi') ?? own[0] ?? roots.find(isWork) ?? roots[0]!;
  return {
    base_id,
    startedAt,
    beginning: subjectOf(beginning),
    duration,
    points: work.length,
    errors: countErrors(tree),
    unfinished: work.filter(({ finished }) => finished === undefined).length,
    incomplete: points.some(tellsOfCalls),
  };
}
