// The statements that store rows, none longer than a server takes.
import type { Dialect } from './dialect.js';
import { type Row, columns } from './rows.js';

// Bounds what one statement is: a server refuses those that are too long.
const rowsPerStatement = 1000;
const charactersPerStatement = 256 * 1024;

/** Inserts so many rows, in one transaction. */
export function insert(dialect: Dialect, count: number): string {
  const width = columns.length;
  const rows = Array.from({ length: count }, (_row, i) => {
    const marks = columns.map((_column, j) => dialect.placeholder(i * width + j + 1));
    return `(${marks.join(', ')})`;
  });
  return `insert into data (${columns.join(', ')}) values ${rows.join(', ')}`;
}

/** The values of a row, in the order of `insert`. */
export function valuesOf(row: Row): (string | null)[] {
  return columns.map((column) => row[column]);
}

/** The rows, parted for statements that each server takes. */
export function* statementsOf(rows: readonly Row[]): Generator<readonly Row[]> {
  let some: Row[] = [];
  let characters = 0;
  for (const row of rows) {
    const size = row.data?.length ?? 0;
    if (some.length === rowsPerStatement || (some.length > 0 && characters + size > charactersPerStatement)) {
      yield some;
      some = [];
      characters = 0;
    }
    some.push(row);
    characters += size;
  }
  if (some.length > 0) yield some;
}
