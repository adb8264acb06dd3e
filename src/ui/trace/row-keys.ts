// The keys of the rows, as a tree in a table has them.
import type { Row } from './model.js';
import { type View, choose, toggle, zoomToRow } from './view.js';

/** What a key does in a row, by its name; `page` is how many rows are in sight. */
const actions: Readonly<Record<string, (view: View, at: number, page: number) => void>> = {
  ArrowDown: (view, at) => go(view, at + 1),
  j: (view, at) => go(view, at + 1),
  ArrowUp: (view, at) => go(view, at - 1),
  k: (view, at) => go(view, at - 1),
  Home: (view) => go(view, 0),
  End: (view) => go(view, Infinity),
  PageDown: (view, at, page) => go(view, at + page),
  PageUp: (view, at, page) => go(view, at - page),
  ArrowRight: (view, at) => {
    const row = view.rows.peek()[at]!;
    if (view.model.below(row).length === 0) return;
    if (view.open.peek().has(row)) go(view, at + 1);
    else toggle(view, row);
  },
  ArrowLeft: (view, at) => {
    const row = view.rows.peek()[at]!;
    if (view.open.peek().has(row) && view.model.below(row).length > 0) toggle(view, row);
    else if (view.model.above[row]! >= 0) choose(view, view.model.above[row]!, { focus: true });
  },
  Enter: (view, at) => choose(view, view.rows.peek()[at]!, { panel: true }),
  z: (view, at) => zoomToRow(view, view.rows.peek()[at]!),
};

/** Moves the choice by a step, from wherever the focus is. */
export function step(view: View, by: number): void {
  go(view, view.rows.peek().indexOf(view.chosen.peek()) + by);
}

/** Chooses the row at a place; Infinity is the last one. */
export function go(view: View, at: number): void {
  const rows = view.rows.peek();
  const row: Row | undefined = rows[Math.max(0, Math.min(rows.length - 1, at))];
  if (row !== undefined) choose(view, row, { focus: true });
}

/** Handles a key in the rows, if it means something there. */
export function rowKey(event: KeyboardEvent, view: View, page: number): void {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.shiftKey && event.key.startsWith('Arrow')) return;
  if (!Object.hasOwn(actions, event.key)) return;
  const at = view.rows.peek().indexOf(view.chosen.peek());
  if (at < 0) return;
  event.preventDefault();
  actions[event.key]!(view, at, page);
}
