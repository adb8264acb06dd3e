// The table of traces: of a long list only the rows in the window are in the page.
import { useEffect, useRef } from 'preact/hooks';
import { signal } from '@preact/signals';
import { fresh, known, loadMore, marks, rows } from './list-state.js';
import { TraceRow } from './list-row.js';
import { useWindow } from './window-of.js';

const rowHeight = { desk: 32, phone: 80 } as const;
const phone = matchMedia('(max-width: 679px)');

/** The place of the row that the Tab key reaches. */
export const chosen = signal(0);
const isPhone = signal(phone.matches);
phone.addEventListener('change', () => {
  isPhone.value = phone.matches;
});

const heads = [
  ['l-when', 'When (UTC)'],
  ['l-request', 'Request'],
  ['l-service', 'Service'],
  ['l-status', 'Status'],
  ['l-duration', 'Duration'],
  ['l-points', 'Points'],
  ['l-finding', 'Top finding'],
] as const;

/** How far from the end the next page is asked for, in rows. */
const ahead = 15;

export function ListRows({ services }: { readonly services: readonly string[] }): preact.JSX.Element {
  const list = useRef<HTMLDivElement>(null);
  const all = rows.value;
  const height = isPhone.value ? rowHeight.phone : rowHeight.desk;
  const { first, last } = useWindow(list, all.length, height);
  const { next, total, added = 0 } = known.value ?? {};
  const isNearEnd = last >= all.length - ahead;
  useEffect(() => {
    if (next !== undefined && isNearEnd && added > 0) void loadMore();
  }, [isNearEnd, next, all.length]);
  // The row that has the focus stays in the page, so that the next key moves on from it.
  const at = Math.min(chosen.value, all.length - 1);
  const indexes = Array.from({ length: Math.max(0, last - first) }, (_, i) => first + i);
  if (at < first) indexes.unshift(at);
  else if (at >= last) indexes.push(at);
  return (
    <div
      class="l-list"
      role="table"
      aria-label="Traces, newest first"
      aria-rowcount={rowCount(next, total, all.length)}
    >
      <div class="l-row l-head" role="row" aria-rowindex={1}>
        {heads.map(([name, text]) => (
          <span key={name} class={name} role="columnheader">
            {text}
            {name === 'l-duration' && <span> among its route: middle, p50, p95</span>}
          </span>
        ))}
      </div>
      <div class="l-rows" role="rowgroup" ref={list} style={{ height: `${all.length * height}px` }}>
        {indexes.map((index) => {
          const row = all[index];
          return (
            row !== undefined && (
              <TraceRow
                key={row.base_id}
                row={row}
                index={index}
                top={index * height}
                isMarked={marks.value.includes(row.base_id)}
                isFresh={fresh.value.has(row.base_id)}
                isChosen={index === at}
                service={Math.max(0, services.indexOf(row.service))}
                onFocus={(focused) => {
                  chosen.value = focused;
                }}
              />
            )
          );
        })}
      </div>
    </div>
  );
}

/** With its head; -1 where nobody knows. */
function rowCount(next: string | undefined, total: number | undefined, shown: number): number {
  if (next === undefined) return shown + 1;
  return total === undefined ? -1 : Math.max(total, shown) + 1;
}

/** Moves the focus to a row, and shows it. */
export function focusRow(index: number): void {
  const all = rows.peek();
  if (all.length === 0) return;
  const at = Math.max(0, Math.min(all.length - 1, index));
  chosen.value = at;
  // A row outside of the window comes into the page with the next frame.
  if (!focusOn(all[at]!.base_id)) requestAnimationFrame(() => focusOn(all[at]!.base_id));
}

/** @returns whether the row is in the page */
function focusOn(base_id: string): boolean {
  const row = document.querySelector<HTMLElement>(`.l-row[data-id="${CSS.escape(base_id)}"]`);
  row?.scrollIntoView({ block: 'nearest' });
  row?.querySelector('a')?.focus({ preventScroll: true });
  return row !== null;
}

/** The row that has the focus; undefined if none has. */
export function focusedRow(): string | undefined {
  return document.activeElement?.closest<HTMLElement>('.l-row[data-id]')?.dataset['id'];
}
