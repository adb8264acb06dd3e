// The heads of the table's columns, by which it is sorted.
import { type Column, type Sorting, columns } from './sorting.js';

export function Head({
  sorting,
  onSort,
}: {
  readonly sorting: Sorting;
  readonly onSort: (column: Column) => void;
}): preact.JSX.Element {
  return (
    <div class="t-row" role="row" aria-rowindex={1}>
      {columns.map((column) => {
        const isSorted = column.name === sorting.column.name;
        return (
          <div
            key={column.name}
            role="columnheader"
            class={`${column.name === 'what' ? 't-what' : ''} ${column.isWide ? 'wide' : ''}`}
            aria-sort={isSorted ? (sorting.isUp ? 'ascending' : 'descending') : undefined}
          >
            <button type="button" onClick={() => onSort(column)}>
              {column.label}
              {isSorted && <span aria-hidden="true">{sorting.isUp ? ' ↑' : ' ↓'}</span>}
            </button>
          </div>
        );
      })}
    </div>
  );
}
