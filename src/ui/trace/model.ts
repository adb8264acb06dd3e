// The trace in the browser: columns of numbers, and the rows that are made of points, repeats and gaps.
//
// A row is a number: first all points, then all repeats, then all gaps. Rows are never objects in a list.
import { type PageTrace, type Target, flag } from '../../report/page/page-trace.js';
import { type PartSums, partSums } from './parts.js';

/** The number of a row. */
export type Row = number;

/** A trace, ready to be shown. Times are microseconds since the start of the root. */
export interface Model {
  readonly trace: PageTrace;
  readonly points: number;
  readonly repeats: number;
  /** How many rows there are, if all are open. */
  readonly rows: number;
  readonly start: Float64Array;
  readonly end: Float64Array;
  readonly self: Float64Array;
  /** How long the critical path stays in the row. */
  readonly onPath: Float64Array;
  /** Whether the path passes through it, for however short a time. */
  readonly isOnPath: Uint8Array;
  /** The row above; -1 for the root. */
  readonly above: Int32Array;
  readonly level: Uint16Array;
  /** Bits of `flag`; a repeat has those of all of its points. */
  readonly flags: Uint16Array;
  /** An index of `trace.kinds`. */
  readonly kind: Uint8Array;
  /** An index of `trace.services`, or -1. */
  readonly service: Int32Array;
  readonly parts: PartSums;
  /** The numbers of the findings that a row proves, from 1 on. */
  readonly findings: ReadonlyMap<Row, readonly number[]>;
  /** The rows below, in the order of time. */
  below(row: Row): Int32Array;
  /** The points of a repeat, in the order of time; of a point it alone; of a gap nothing. */
  members(row: Row): Int32Array;
  /** The stay of the path in a point; undefined if it does not pass through it. */
  stay(point: number): { readonly from: number; readonly to: number } | undefined;
  rowOf(target: Target): Row;
  /** The text of a row's failure; '' if it did not fail. */
  failure(row: Row): string;
}

/** The point, the repeat or the gap of a row. */
export function targetOf({ points, repeats }: Model, row: Row): Target {
  if (row < points) return { point: row };
  return row < points + repeats ? { repeat: row - points } : { gap: row - points - repeats };
}

/** Whether a row is several equal points. */
export const isRepeat = ({ points, repeats }: Model, row: Row): boolean =>
  row >= points && row < points + repeats;

/** Whether a row is a stretch of its point, and no point. */
export const isGap = ({ points, repeats }: Model, row: Row): boolean => row >= points + repeats;

/** Makes a model of what the page got. The time it takes grows with the points times the logarithm of their number. */
export function modelOf(trace: PageTrace): Model {
  const { points: columns, gaps } = trace;
  const points = columns.start.length;
  const repeats = columns.repeat.reduce((most, repeat) => Math.max(most, repeat + 1), 0);
  const rows = points + repeats + gaps.length;
  const gapRow = points + repeats;
  const start = new Float64Array(rows).fill(Infinity);
  const end = new Float64Array(rows).fill(-Infinity);
  const self = new Float64Array(rows);
  const onPath = new Float64Array(rows);
  const isOnPath = new Uint8Array(rows);
  const above = new Int32Array(rows).fill(-1);
  const flags = new Uint16Array(rows);
  const kind = new Uint8Array(rows);
  const service = new Int32Array(rows).fill(-1);

  const ownRow = (point: number): Row =>
    columns.flags[point]! & flag.merged ? columns.parent[point]! : point;
  const parentRow = (point: number): Row =>
    columns.parent[point]! < 0 ? -1 : ownRow(columns.parent[point]!);
  for (let point = 0; point < points; point++) {
    start[point] = columns.start[point]!;
    end[point] = columns.end[point]!;
    self[point] = columns.self[point]!;
    flags[point] = columns.flags[point]!;
    kind[point] = columns.kind[point]!;
    service[point] = columns.service[point]!;
    above[point] = parentRow(point);
    const repeat = columns.repeat[point]!;
    if (repeat < 0) continue;
    const row = points + repeat;
    above[row] = above[point]!;
    above[point] = row;
    start[row] = Math.min(start[row]!, start[point]!);
    end[row] = Math.max(end[row]!, end[point]!);
    self[row]! += self[point]!;
    flags[row]! |= flags[point]!;
    kind[row] = kind[point]!;
    service[row] = service[point]!;
  }
  const stays = new Map<number, number>();
  for (const [index, point] of trace.path.point.entries()) {
    const took = trace.path.to[index]! - trace.path.from[index]!;
    stays.set(point, index);
    isOnPath[point] = 1;
    onPath[point] = took;
    const row = columns.repeat[point]! < 0 ? undefined : points + columns.repeat[point]!;
    if (row === undefined) continue;
    isOnPath[row] = 1;
    onPath[row]! += took;
  }
  for (const [index, gap] of gaps.entries()) {
    const row = gapRow + index;
    start[row] = gap.from;
    end[row] = gap.to;
    above[row] = ownRow(gap.parent);
    kind[row] = columns.kind[gap.parent]!;
    service[row] = columns.service[gap.parent]!;
    isOnPath[row] = gap.onPath ? 1 : 0;
    onPath[row] = gap.onPath ? gap.to - gap.from : 0;
  }

  const isShown = (row: Row): boolean => row >= points || (flags[row]! & flag.merged) === 0;
  const below = childrenOf(rows, above, start, isShown);
  const members = childrenOf(
    repeats,
    Int32Array.from(columns.repeat),
    start,
    (point) => columns.repeat[point]! >= 0,
  );
  const level = new Uint16Array(rows);
  const open: Row[] = [0];
  for (let row = open.pop(); row !== undefined; row = open.pop()) {
    for (const child of below(row)) {
      level[child] = level[row]! + 1;
      open.push(child);
    }
  }
  const failures = new Map(trace.failures.point.map((point, index) => [point, trace.failures.text[index]!]));
  const rowOf = (target: Target): Row => {
    if ('point' in target) return ownRow(target.point);
    return 'repeat' in target ? points + target.repeat : gapRow + target.gap;
  };
  return {
    trace,
    points,
    repeats,
    rows,
    start,
    end,
    self,
    onPath,
    isOnPath,
    above,
    level,
    flags,
    kind,
    service,
    parts: partSums(trace),
    below,
    members: (row) =>
      row < points ? Int32Array.of(row) : row < gapRow ? members(row - points) : new Int32Array(0),
    stay(point) {
      const index = stays.get(point);
      return index === undefined ? undefined : { from: trace.path.from[index]!, to: trace.path.to[index]! };
    },
    rowOf,
    findings: findingsByRow(trace, rowOf, ownRow),
    failure(row) {
      const first = row < points ? row : row < gapRow ? members(row - points)[0] : undefined;
      const text = first === undefined ? undefined : failures.get(first);
      return text === undefined ? '' : trace.texts[text]!;
    },
  };
}

/** The children of each row in the order of time, all in one array. */
function childrenOf(
  rows: number,
  above: Int32Array,
  start: Float64Array,
  isShown: (row: number) => boolean,
): (row: number) => Int32Array {
  const first = new Int32Array(rows + 1);
  const order: number[] = [];
  for (let row = 0; row < above.length; row++) {
    const parent = above[row]!;
    if (parent < 0 || parent >= rows || !isShown(row)) continue;
    first[parent + 1]!++;
    order.push(row);
  }
  for (let row = 0; row < rows; row++) first[row + 1]! += first[row]!;
  order.sort((a, b) => start[a]! - start[b]! || a - b);
  const next = first.slice();
  const all = new Int32Array(order.length);
  for (const row of order) all[next[above[row]!]!++] = row;
  return (row) => all.subarray(first[row], first[row + 1]);
}

/** Which findings a row proves: its own, and those that name its point or one of its points. */
function findingsByRow(
  { findings, points }: PageTrace,
  rowOf: (target: Target) => Row,
  ownRow: (point: number) => Row,
): ReadonlyMap<Row, readonly number[]> {
  const found = new Map<Row, number[]>();
  const add = (row: Row, number: number): void => {
    const numbers = found.get(row) ?? [];
    found.set(row, numbers);
    if (!numbers.includes(number)) numbers.push(number);
  };
  for (const [index, { target, points: its }] of findings.entries()) {
    if (target !== null) add(rowOf(target), index + 1);
    // A gap says it all, and so does a repeat.
    if (target !== null && !('point' in target)) continue;
    for (const point of its) if (points.repeat[point]! < 0) add(ownRow(point), index + 1);
  }
  return found;
}
