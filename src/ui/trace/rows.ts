// The rows that are shown: those whose rows above are all open.
import { type Model, type Row, isGap } from './model.js';

/** Fewer rows than this are all open at first. */
const fewRows = 30;

/** The rows that are open at first: what leads to a finding is, all else is not. */
export function firstOpen(model: Model): Set<Row> {
  const open = new Set<Row>([0]);
  if (model.points <= 2 * fewRows && model.repeats === 0) {
    const all = rowsThatOpen(model);
    if (visibleRows(model, all, false).length <= fewRows) return all;
  }
  for (const row of model.findings.keys()) reveal(model, open, row);
  // A lone child says more than its parent alone.
  for (let row = 0; ;) {
    const [only, ...others] = model.below(row);
    if (only === undefined || others.length > 2) break;
    open.add(only);
    row = only;
  }
  return open;
}

/** Opens everything above a row. */
export function reveal({ above }: Model, open: Set<Row>, row: Row): void {
  for (let up = above[row]!; up >= 0; up = above[up]!) open.add(up);
}

/** The rows to show, from top to bottom, without recursion. */
export function visibleRows(model: Model, open: ReadonlySet<Row>, onlyPath: boolean): Int32Array {
  const rows = new Int32Array(model.rows);
  let count = 0;
  const waiting: Row[] = [0];
  for (let row = waiting.pop(); row !== undefined; row = waiting.pop()) {
    if (onlyPath && model.isOnPath[row] === 0) continue;
    rows[count++] = row;
    if (!open.has(row)) continue;
    const below = model.below(row);
    for (let i = below.length - 1; i >= 0; i--) waiting.push(below[i]!);
  }
  return rows.subarray(0, count);
}

/** All rows that have rows below them. */
export function rowsThatOpen(model: Model): Set<Row> {
  const found = new Set<Row>();
  for (let row = 0; row < model.rows; row++)
    if (!isGap(model, row) && model.below(row).length > 0) found.add(row);
  return found;
}
