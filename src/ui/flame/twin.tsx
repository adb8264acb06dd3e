// The flame as a tree for those who do not see it: the rows around the chosen one, each in words. The focus is here;
// the ring around its frame shows where.
import { type Model, type Row, targetOf } from '../trace/model.js';
import type { View } from '../trace/view.js';
import { detailOf, serviceOf, tagOf, timeText, timesOf, titleOf } from '../trace/words.js';
import { flag } from '../../report/page/page-trace.js';
import type { Layout } from './layout.js';

/** Rows before and after the chosen one. */
const around = 12;

export function Twin({
  view,
  layout,
  onKeyDown,
}: {
  readonly view: View;
  readonly layout: Layout;
  readonly onKeyDown: (event: KeyboardEvent) => void;
}): preact.JSX.Element {
  const { model } = view;
  const chosen = view.chosen.value;
  const at = Math.max(0, layout.order.indexOf(chosen));
  const rows = Array.from(layout.order.subarray(Math.max(0, at - around), at + around + 1));
  return (
    <div class="sr twin" role="tree" aria-label="Points as a flame" onKeyDown={onKeyDown}>
      {rows.map((row) => (
        <Item key={row} model={model} row={row} isChosen={row === layout.order[at]} />
      ))}
    </div>
  );
}

function Item({
  model,
  row,
  isChosen,
}: {
  readonly model: Model;
  readonly row: Row;
  readonly isChosen: boolean;
}): preact.JSX.Element {
  const above = model.above[row]!;
  const siblings = above < 0 ? Int32Array.of(row) : model.below(above);
  return (
    <div
      id={`row-${row}`}
      role="treeitem"
      aria-level={model.level[row]! + 1}
      aria-setsize={siblings.length}
      aria-posinset={siblings.indexOf(row) + 1}
      aria-selected={isChosen}
      tabIndex={isChosen ? 0 : -1}
    >
      {wordsOf(model, row)}
    </div>
  );
}

/** All that a frame shows. */
export function wordsOf(model: Model, row: Row): string {
  const { start, end, onPath, flags } = model;
  const path = onPath[row]!;
  const isOpen = (flags[row]! & flag.open) !== 0;
  const gap = targetOf(model, row);
  const words = [
    [
      'gap' in gap ? '' : tagOf(model, row),
      serviceOf(model, row),
      timesOf(model, row),
      titleOf(model, row),
      detailOf(model, row),
    ]
      .filter((word) => word !== '')
      .join(' '),
    `${isOpen ? 'never stopped, at least ' : ''}${timeText(end[row]! - start[row]!)}`,
    `from ${timeText(start[row]!)} to ${timeText(end[row]!)}`,
    path > 0 ? `${timeText(path)} on the critical path` : 'not on the critical path',
    model.failure(row) === '' ? '' : `failed: ${model.failure(row)}`,
  ];
  return words.filter((word) => word !== '').join(', ');
}
