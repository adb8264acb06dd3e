// The keys of the flame: the same as in the waterfall, but all rows are there.
import type { Row } from '../trace/model.js';
import { type View, choose, zoomToRow } from '../trace/view.js';

/** Rows that PgUp and PgDn pass over. */
const page = 20;

const steps: Readonly<Record<string, number>> = {
  ArrowDown: 1,
  j: 1,
  ArrowUp: -1,
  k: -1,
  PageDown: page,
  PageUp: -page,
  Home: -Infinity,
  End: Infinity,
};

/** Handles a key in the frames, if it means something there. */
export function flameKey(event: KeyboardEvent, view: View, order: Int32Array): void {
  if (event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
  const to = rowAfter(event.key, view, order);
  if (to === undefined) return;
  event.preventDefault();
  if (to === view.chosen.peek() && event.key === 'Enter') choose(view, to, { panel: true });
  else if (event.key === 'z') zoomToRow(view, to);
  else choose(view, to, { focus: true });
}

/** The row that a key is about; undefined if it is no key of the flame. */
function rowAfter(key: string, { model, chosen }: View, order: Int32Array): Row | undefined {
  const row = chosen.peek();
  if (key === 'Enter' || key === 'z') return row;
  if (key === 'ArrowRight') return model.below(row).find((child) => order.includes(child)) ?? row;
  if (key === 'ArrowLeft') return model.above[row]! < 0 ? row : model.above[row]!;
  const step = Object.hasOwn(steps, key) ? steps[key]! : undefined;
  if (step === undefined) return undefined;
  return order[Math.max(0, Math.min(order.length - 1, order.indexOf(row) + step))];
}
