// How the table is sorted: by which column, in which direction. The address keeps it.
import { address, keep } from '../address.js';
import type { Group } from './groups.js';

/** A column of the table. */
export interface Column {
  readonly name: string;
  readonly label: string;
  /** Whether phones have no room for it. */
  readonly isWide: boolean;
  readonly compare: (a: Group, b: Group) => number;
}

const byNumber = (value: (group: Group) => number) => (a: Group, b: Group) => value(a) - value(b);

const byText = (a: string, b: string): number => Number(a > b) - Number(a < b);

/** All columns; the first is a text, the others are numbers. */
export const columns = [
  { name: 'what', label: 'What', isWide: false, compare: (a, b) => byText(a.what, b.what) },
  { name: 'count', label: 'Count', isWide: true, compare: byNumber(({ count }) => count) },
  { name: 'path', label: 'On the path', isWide: false, compare: byNumber(({ path }) => path) },
  { name: 'self', label: 'Self', isWide: false, compare: byNumber(({ self }) => self) },
  { name: 'total', label: 'Total', isWide: true, compare: byNumber(({ total }) => total) },
  { name: 'p50', label: 'p50', isWide: true, compare: byNumber(({ p50 }) => p50) },
  { name: 'max', label: 'Max', isWide: true, compare: byNumber(({ max }) => max) },
  { name: 'errors', label: 'Errors', isWide: true, compare: byNumber(({ errors }) => errors) },
] as const satisfies readonly Column[];

export interface Sorting {
  readonly column: Column;
  readonly isUp: boolean;
}

const byPath = columns[2];

/** The sorting that the address names: `self`, `self.up`. */
export function firstSorting(): Sorting {
  const [name, direction] = (address.peek().get('sort') ?? '').split('.');
  const column = columns.find((each) => each.name === name) ?? byPath;
  return { column, isUp: direction === 'up' };
}

/** The sorting after a click on a column's head: numbers begin with the largest, texts with the first. */
export function sortingAfter({ column: before, isUp }: Sorting, column: Column): Sorting {
  const next = { column, isUp: before.name === column.name ? !isUp : column.name === 'what' };
  const isFirst = next.column.name === byPath.name && !next.isUp;
  keep({ sort: isFirst ? '' : `${column.name}${next.isUp ? '.up' : ''}` });
  return next;
}

/** The groups in the order of a sorting; equal ones stay by their time on the path. */
export function sorted(groups: readonly Group[], { column, isUp }: Sorting): readonly Group[] {
  const sign = isUp ? 1 : -1;
  return groups.toSorted(
    (a, b) => sign * column.compare(a, b) || b.path - a.path || b.total - a.total || a.row - b.row,
  );
}
