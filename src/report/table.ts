// Writes a table with columns.
import { clean, cut, pad, widthOf } from './format.js';
import { type Display, type Piece, type Style, fit, paint } from './pieces.js';

export interface Cell {
  readonly text: string;
  readonly style?: Style | undefined;
}

export interface Column {
  readonly name: string;
  /** Numbers are aligned to the right. */
  readonly isNumber?: true;
  /** The column may be narrowed to this many columns if there is too little room. */
  readonly atLeast?: number;
}

const between = '  ';

/** Writes a table with the names of its columns above it. On a terminal, no line is wider than the terminal. */
export function* renderTable(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  { width = Infinity, colour }: Display,
): Generator<string> {
  const texts = rows.map((cells) => cells.map(({ text }) => clean(text)));
  const widths = columns.map(({ name }, i) =>
    texts.reduce((most, cells) => Math.max(most, widthOf(cells[i]!)), name.length),
  );
  let excess = widths.reduce((sum, each) => sum + each, between.length * (columns.length - 1)) - width;
  for (const [i, { atLeast }] of columns.entries()) {
    if (atLeast === undefined || excess <= 0) continue;
    const taken = Math.min(excess, Math.max(0, widths[i]! - atLeast));
    widths[i]! -= taken;
    excess -= taken;
  }
  const line = (cells: readonly Cell[]): string => {
    const pieces: Piece[] = cells.map(({ text, style }, i) => ({
      text:
        (i === 0 ? '' : between) +
        pad(cut(text, widths[i]!), widths[i]!, columns[i]!.isNumber ? 'left' : 'right'),
      style,
    }));
    return `${paint(fit(pieces, width), colour)}\n`;
  };
  yield line(columns.map(({ name }) => ({ text: name, style: 'dim' })));
  for (const [i, cells] of rows.entries()) {
    yield line(cells.map(({ style }, j) => ({ text: texts[i]![j]!, style })));
  }
}
