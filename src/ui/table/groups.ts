// The lines of the table: all points that did the same, and all gaps of one kind.
import { flag } from '../../report/page/page-trace.js';
import { type Model, type Row, isGap, targetOf } from '../trace/model.js';
import { ownPathOf } from '../trace/own-path.js';
import { serviceOf, tagOf, titleOf } from '../trace/words.js';

/** Points that did the same. Times are in microseconds. */
export interface Group {
  /** The row that stands for them: their repeat, or the one in which the path stayed longest. */
  readonly row: Row;
  readonly tag: string;
  readonly service: string;
  readonly what: string;
  readonly count: number;
  /** How long the path stayed in them, without what is below them; these sum up to the duration. */
  readonly path: number;
  readonly self: number;
  readonly total: number;
  readonly p50: number;
  readonly max: number;
  readonly errors: number;
  /** Points that never stopped: the times are at least so long. */
  readonly unfinished: number;
}

/** All groups, and the group of each row. */
export interface Grouped {
  readonly groups: readonly Group[];
  /** The index of a row's group; -1 for a point that stands in the row of its call. */
  readonly groupOf: Int32Array;
}

/** Puts rows into groups; the time that it takes grows with the points times the logarithm of their number. */
export function groupsOf(model: Model): Grouped {
  const { points, repeats, rows, flags } = model;
  const groupOf = new Int32Array(rows).fill(-1);
  const indexes = new Map<string, number>();
  const members: Row[][] = [];
  const add = (row: Row): void => {
    const key = keyOf(model, row);
    const index = indexes.get(key) ?? members.push([]) - 1;
    indexes.set(key, index);
    members[index]!.push(row);
    groupOf[row] = index;
  };
  for (let row = 0; row < points; row++) if ((flags[row]! & flag.merged) === 0) add(row);
  for (let row = points + repeats; row < rows; row++) add(row);
  for (let row = points; row < points + repeats; row++) groupOf[row] = groupOf[model.members(row)[0]!]!;
  return { groups: members.map((its) => groupFrom(model, its)), groupOf };
}

function keyOf(model: Model, row: Row): string {
  const { trace, service, kind } = model;
  const target = targetOf(model, row);
  if ('gap' in target) {
    const { pattern, label } = trace.gaps[target.gap]!;
    return `${service[row]} ${pattern} ${label}`;
  }
  return `${service[row]} ${kind[row]} ${trace.points.what[row]}`;
}

function groupFrom(model: Model, rows: readonly Row[]): Group {
  const { start, end, self, flags } = model;
  const ownPath = ownPathOf(model);
  const times = Float64Array.from(rows, (row) => end[row]! - start[row]!).toSorted();
  const sum = (of: (row: Row) => number): number => rows.reduce((all, row) => all + of(row), 0);
  const isAny = (row: Row, bits: number): number => ((flags[row]! & bits) === 0 ? 0 : 1);
  const [first] = rows as readonly [Row, ...Row[]];
  return {
    row: standFor(model, rows),
    tag: tagOf(model, first),
    service: serviceOf(model, first),
    what: isGap(model, first) ? titleOf(model, first) : model.trace.texts[model.trace.points.what[first]!]!,
    count: rows.length,
    path: sum((row) => ownPath[row]!),
    self: sum((row) => (isGap(model, row) ? end[row]! - start[row]! : self[row]!)),
    total: times.reduce((all, time) => all + time, 0),
    p50: times[Math.ceil(times.length / 2) - 1]!,
    max: times.at(-1)!,
    errors: sum((row) => isAny(row, flag.failed)),
    unfinished: sum((row) => isAny(row, flag.open)),
  };
}

function standFor(model: Model, rows: readonly Row[]): Row {
  const { trace, points, start, end } = model;
  const [first] = rows as readonly [Row, ...Row[]];
  const repeat = first < points ? trace.points.repeat[first]! : -1;
  if (repeat >= 0 && rows.every((row) => trace.points.repeat[row] === repeat)) return model.rowOf({ repeat });
  const ownPath = ownPathOf(model);
  const isBefore = (row: Row, best: Row): boolean =>
    ownPath[row]! > ownPath[best]! ||
    (ownPath[row] === ownPath[best] && end[row]! - start[row]! > end[best]! - start[best]!);
  return rows.reduce((best, row) => (isBefore(row, best) ? row : best), first);
}
