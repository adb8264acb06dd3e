// The places of frames in the flame: below the row above, and in a lane further down where they overlap.
import type { Model, Row } from '../trace/model.js';
import { rowsThatOpen, visibleRows } from '../trace/rows.js';
import { Lanes } from './lanes.js';

/** Where each row has its frame. */
export interface Layout {
  /** All rows that have a frame, from the top of the tree down. */
  readonly order: Int32Array;
  /** The line of each row, from 0 at the top; -1 for a row without a frame. */
  readonly line: Int32Array;
  readonly lines: number;
  /** The rows in a line, which do not overlap, in the order of time. */
  rowsIn(line: number): Int32Array;
}

/** Clocks are cut to microseconds: what begins where the other ends does not overlap. */
const tolerance = 1;

/**
 * Lays the rows out, without recursion.
 *
 * @param onlyPath whether rows that the critical path does not pass through are left out
 */
export function layoutOf(model: Model, onlyPath: boolean): Layout {
  const { above, start, end, isOnPath, rows } = model;
  const order = visibleRows(model, rowsThatOpen(model), onlyPath);
  // How far down from the row above, how many lines it takes with what is below it, and from when to when.
  const offset = new Int32Array(rows);
  const height = new Int32Array(rows).fill(1);
  const from = start.slice();
  const to = end.slice();
  for (let at = order.length - 1; at >= 0; at--) {
    const row = order[at]!;
    const below = model.below(row).filter((child) => !onlyPath || isOnPath[child] === 1);
    height[row] = 1 + stack(below, isOnPath, { offset, height, from, to });
    for (const child of below) {
      from[row] = Math.min(from[row]!, from[child]!);
      to[row] = Math.max(to[row]!, to[child]!);
    }
  }
  const line = new Int32Array(rows).fill(-1);
  for (const row of order) line[row] = above[row]! < 0 ? 0 : line[above[row]!]! + offset[row]!;
  const lines = order.length === 0 ? 0 : height[order[0]!]!;
  return { order, line, lines, rowsIn: byLine(order, line, lines, start) };
}

interface Boxes {
  readonly offset: Int32Array;
  readonly height: Int32Array;
  readonly from: Float64Array;
  readonly to: Float64Array;
}

/** Puts the children of a row into lanes, one below the other; gives how many lines they take. */
function stack(below: Int32Array, isOnPath: Uint8Array, { offset, height, from, to }: Boxes): number {
  let all = 0;
  // The path stays in the upper lanes, whatever began before it.
  for (const onPath of [1, 0]) {
    const its = below.filter((child) => isOnPath[child] === onPath);
    if (its.length === 0) continue;
    const lanes = new Lanes();
    const lane = its.map((child) => lanes.take(from[child]! + tolerance, to[child]!));
    const heights: number[] = [];
    for (const [at, child] of its.entries()) {
      heights[lane[at]!] = Math.max(heights[lane[at]!] ?? 0, height[child]!);
    }
    const tops: number[] = [];
    for (const high of heights) {
      tops.push(all);
      all += high;
    }
    for (const [at, child] of its.entries()) offset[child] = 1 + tops[lane[at]!]!;
  }
  return all;
}

function byLine(
  order: Int32Array,
  line: Int32Array,
  lines: number,
  start: Float64Array,
): (line: number) => Int32Array {
  const first = new Int32Array(lines + 1);
  for (const row of order) first[line[row]! + 1]!++;
  for (let at = 0; at < lines; at++) first[at + 1]! += first[at]!;
  const next = first.slice();
  const all = new Int32Array(order.length);
  for (const row of order) all[next[line[row]!]!++] = row;
  for (let at = 0; at < lines; at++) {
    all.subarray(first[at], first[at + 1]).sort((a, b) => start[a]! - start[b]!);
  }
  return (at) => all.subarray(first[at], first[at + 1]);
}

/** The index of the first of the rows that ends after a moment, if they do not overlap. */
export function firstAfter(rows: Int32Array, end: Float64Array, moment: number): number {
  let [low, high] = [0, rows.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (end[rows[middle]!]! < moment) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The row of the frame at a place; undefined if there is none within the reach. */
export function rowAt(
  { end, start }: Model,
  layout: Layout,
  line: number,
  moment: number,
  reach: number,
): Row | undefined {
  if (line < 0 || line >= layout.lines) return undefined;
  const rows = layout.rowsIn(line);
  const at = firstAfter(rows, end, moment - reach);
  const near = [rows[at], rows[at + 1]].filter((row): row is Row => row !== undefined);
  const distance = (row: Row): number => Math.max(0, start[row]! - moment, moment - end[row]!);
  const [nearest] = near.toSorted((a, b) => distance(a) - distance(b));
  return nearest !== undefined && distance(nearest) <= reach ? nearest : undefined;
}
