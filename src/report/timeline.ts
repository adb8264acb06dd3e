// Draws when points ran, on a line of a fixed width.
import type { Gap } from './marks.js';
import type { TreePoint } from './tree.js';

/** The timeline gets a third of the additional width of a wide terminal. */
export function timelineWidth(width: number): number {
  if (width < 90) return 0;
  if (width < 110) return 12;
  return width === Infinity ? 20 : Math.min(100, 20 + Math.trunc((width - 110) / 3));
}

/**
 * The timeline: strokes over the parts of the trace's time in which the points ran, open where an end is missing.
 */
export function bar(total: number, points: readonly TreePoint[], width: number): string {
  const cells = Array.from({ length: width }, () => ' ');
  for (const { started, finished } of points) {
    const isOpen = started === undefined || finished === undefined;
    const to = finished ?? Infinity;
    draw(cells, total, { from: started ?? finished ?? 0, to }, isOpen ? '╌' : '━');
  }
  return cells.join('');
}

/** Dots over the times in which nothing below a point was running. */
export function gapBar(total: number, gaps: readonly Gap[], width: number): string {
  const cells = Array.from({ length: width }, () => ' ');
  for (const each of gaps) draw(cells, total, each, '·');
  return cells.join('');
}

function draw(
  cells: string[],
  total: number,
  { from, to }: { readonly from: number; readonly to: number },
  stroke: string,
): void {
  const width = cells.length;
  const cell = (micros: number): number => (total === 0 ? 0 : Math.round((micros / total) * width));
  const first = Math.min(width - 1, cell(from));
  cells.fill(stroke, first, to === Infinity ? width : Math.max(first + 1, cell(to)));
}
