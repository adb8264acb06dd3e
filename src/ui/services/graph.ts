// The services of a trace, the systems that they call, and how long the request waited for each.
import { flag } from '../../report/page/page-trace.js';
import type { Model, Row } from '../trace/model.js';
import { ownPathOf, pointAbove } from '../trace/own-path.js';

/** A service, or a system that services call. Times are in microseconds. */
export interface Box {
  readonly name: string;
  /** Whether points of it are in the trace; of other systems only the calls are known. */
  readonly isService: boolean;
  /** The path's time in its own points; those of all boxes sum up to the duration. */
  readonly path: number;
  readonly points: number;
  /** The failures that began here. */
  readonly errors: number;
  /** The row in which the path stays longest. */
  readonly row: Row;
}

/** The calls of one box by another. */
export interface Line {
  readonly from: number;
  readonly to: number;
  readonly calls: number;
  /** How long the path stays in the called, with all that it calls in turn. */
  readonly path: number;
  /** How many of the calls failed. */
  readonly errors: number;
  readonly row: Row;
}

export interface Graph {
  /** In the order in which they were called first. */
  readonly boxes: readonly Box[];
  /** The one with the longest stay first. */
  readonly lines: readonly Line[];
}

/** Draws up the map of a trace; the time that it takes grows with the points. */
export function graphOf(model: Model): Graph {
  const { points, flags, above, onPath } = model;
  const boxOf = new Int32Array(points).fill(-1);
  const ownPath = ownPathOf(model);
  const boxes = new Boxes();
  const lines = new Map<string, Draft & { readonly from: number; readonly to: number }>();
  const isShown = (row: Row): boolean => (flags[row]! & flag.merged) === 0;
  const isLeaf = callsOfSystems(model);
  for (let row = 0; row < points; row++) {
    const up = pointAbove(model, row);
    if (!isShown(row)) {
      // A failure of a statement is that of its call.
      if ((flags[row]! & flag.began) !== 0) boxes.all[boxOf[up]!]!.errors++;
      continue;
    }
    const caller = up < 0 ? -1 : boxOf[up]!;
    const box = boxes.indexOf(...nameOf(model, row, caller, isLeaf, boxes));
    boxOf[row] = box;
    count(boxes.all[box]!, model, row, ownPath[row]!, flag.began);
    if (caller < 0 || caller === box) continue;
    const key = `${caller} ${box}`;
    const line = lines.get(key) ?? { from: caller, to: box, ...draft() };
    lines.set(key, line);
    count(line, model, row, onPath[row]!, flag.failed);
  }
  for (let gap = points + model.repeats; gap < model.rows; gap++) {
    boxes.all[boxOf[above[gap]!]!]!.path += ownPath[gap]!;
  }
  return {
    boxes: boxes.all,
    lines: Array.from(lines.values(), ({ points: calls, ...rest }) => ({ ...rest, calls })).toSorted(
      (a, b) => b.path - a.path || b.calls - a.calls || a.from - b.from || a.to - b.to,
    ),
  };
}

interface Draft {
  points: number;
  path: number;
  errors: number;
  row: Row;
  longest: number;
}

const draft = (): Draft => ({ points: 0, path: 0, errors: 0, row: 0, longest: -1 });

function count(each: Draft, { flags, onPath }: Model, row: Row, path: number, error: number): void {
  each.points++;
  each.path += path;
  if ((flags[row]! & error) !== 0) each.errors++;
  if (onPath[row]! <= each.longest) return;
  each.longest = onPath[row]!;
  each.row = row;
}

class Boxes {
  readonly all: (Draft & { readonly name: string; readonly isService: boolean })[] = [];
  readonly #known = new Map<string, number>();

  indexOf(name: string, isService: boolean): number {
    const key = `${isService} ${name}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    this.#known.set(key, this.all.length);
    return this.all.push({ name, isService, ...draft() }) - 1;
  }
}

/** Which calls are of systems that have no points in the trace: below them, no other service follows. */
function callsOfSystems(model: Model): (row: Row) => boolean {
  const { trace, points, service } = model;
  const leads = new Uint8Array(points);
  for (let row = points - 1; row > 0; row--) {
    const up = pointAbove(model, row);
    const isOther = service[row]! >= 0 && service[row] !== service[up];
    if (isOther || leads[row] === 1) leads[up] = 1;
  }
  return (row) => trace.points.peer[row]! >= 0 && leads[row] === 0;
}

/** The name of a row's box, and whether it is a service. */
function nameOf(
  { trace, service }: Model,
  row: Row,
  caller: number,
  isLeaf: (row: Row) => boolean,
  { all }: Boxes,
): readonly [string, boolean] {
  const from = all[caller];
  // What a call of a system consists of belongs to it.
  if (from?.isService === false) return [from.name, false];
  if (isLeaf(row)) return [trace.texts[trace.points.peer[row]!]!, false];
  if (service[row]! >= 0) return [trace.services[service[row]!]!, true];
  return from === undefined ? ['(no service)', true] : [from.name, true];
}
