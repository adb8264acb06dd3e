// The table: what was done, how often, and how long it took. Only the lines in sight exist.
import { useSignal } from '@preact/signals';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import { colourOf } from '../trace/row-line.js';
import { isNarrow, scrollTo, useSight } from '../trace/size.js';
import { type View, choose } from '../trace/view.js';
import { columnTime, decimalsOf } from '../trace/words.js';
import { Head } from './head.js';
import { type Group, groupsOf } from './groups.js';
import { Line } from './line.js';
import { firstSorting, sorted, sortingAfter } from './sorting.js';

const lineHeight = 26;
const narrowLineHeight = 44;
/** Lines beyond the edges of what is in sight. */
const spare = 8;

const heightOf = (): number => (isNarrow.matches ? narrowLineHeight : lineHeight);

export function Table({ view }: { readonly view: View }): preact.JSX.Element {
  const { model } = view;
  const scroller = useRef<HTMLDivElement>(null);
  const sight = useSight(scroller);
  const sorting = useSignal(firstSorting());
  const grouped = useMemo(() => groupsOf(model), [model]);
  const onlyPath = view.onlyPath.value;
  const lines = useMemo(
    () => sorted(grouped.groups, sorting.value).filter(({ path }) => !onlyPath || path > 0),
    [grouped, sorting.value, onlyPath],
  );
  const chosen = grouped.groups[grouped.groupOf[view.chosen.value]!];
  const at = chosen === undefined ? -1 : lines.indexOf(chosen);
  const height = heightOf();
  const first = Math.max(0, Math.floor(sight.value.top / height) - spare);
  const last = Math.min(lines.length, Math.ceil((sight.value.top + sight.value.height) / height) + spare);
  const shown = lines.slice(first, last).map((group, index) => ({ group, index: first + index }));
  // The chosen line is where the Tab key leads, so it exists wherever it is.
  if (at >= 0 && (at < first || at >= last)) shown.push({ group: lines[at]!, index: at });
  const most = useMemo(() => lines.reduce((all, { path }) => Math.max(all, path), 1), [lines]);
  const decimals = decimalsOf(view.whole.to - view.whole.from);

  const wish = view.wish.value;
  useEffect(() => {
    const element = scroller.current;
    if (wish.count === 0 || element === null || at < 0) return;
    const hadFocus = element.contains(document.activeElement);
    scrollTo(element, at * height, height);
    if (wish.focus || hadFocus) {
      element.querySelector<HTMLElement>('.t-line.chosen')?.focus({ preventScroll: true });
    }
  }, [wish]);

  const go = (to: number): void => {
    const group = lines[Math.max(0, Math.min(lines.length - 1, to))];
    if (group !== undefined) choose(view, group.row, { focus: true });
  };
  const page = Math.max(1, Math.floor(sight.value.height / height) - 1);
  const steps: Readonly<Record<string, () => void>> = {
    ArrowDown: () => go(at + 1),
    j: () => go(at + 1),
    ArrowUp: () => go(at - 1),
    k: () => go(at - 1),
    Home: () => go(0),
    End: () => go(Infinity),
    PageDown: () => go(at + page),
    PageUp: () => go(at - page),
    Enter: () => lines[at] !== undefined && showRow(view, lines[at]),
  };
  return (
    <div class="table" role="grid" aria-label="Points by what they did" aria-rowcount={lines.length + 2}>
      <div role="rowgroup" class="t-head">
        <Head
          sorting={sorting.value}
          onSort={(column) => (sorting.value = sortingAfter(sorting.value, column))}
        />
      </div>
      <div
        role="rowgroup"
        class="t-rows"
        ref={scroller}
        onClick={(event) => {
          const element =
            event.target instanceof Element ? event.target.closest<HTMLElement>('.t-line') : null;
          const group = element === null ? undefined : lines[Number(element.dataset['at'])];
          if (group !== undefined) showRow(view, group);
        }}
        onKeyDown={(event) => {
          if (event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
          if (!Object.hasOwn(steps, event.key)) return;
          event.preventDefault();
          steps[event.key]!();
        }}
      >
        <div class="space" style={{ height: `${lines.length * height}px` }} role="presentation" />
        {shown.map(({ group, index }) => (
          <Line
            key={group.row}
            id={`row-${group === chosen ? view.chosen.value : group.row}`}
            group={group}
            at={index}
            top={index * height}
            colour={colourOf(model, group.row, view.colour.value)}
            pattern={patternOf(view, group)}
            part={group.path / most}
            isChosen={group === chosen}
            isHit={isHit(view, group)}
            decimals={decimals}
            isFirst={at < 0 && index === 0}
          />
        ))}
      </div>
      <div role="rowgroup" class="t-foot">
        <Sum lines={lines} index={lines.length + 2} decimals={decimals} />
      </div>
    </div>
  );
}

/** Goes to the rows of a line in the waterfall. */
function showRow(view: View, { row }: Group): void {
  view.name.value = 'waterfall';
  choose(view, row, { focus: true });
}

function patternOf({ model }: View, { row }: Group): string {
  return model.trace.gaps[row - model.points - model.repeats]?.pattern ?? 'work';
}

function isHit(view: View, { what, service }: Group): boolean {
  const query = view.query.value.trim().toLowerCase();
  return query !== '' && `${service} ${what}`.toLowerCase().includes(query);
}

/** The sum of all lines: of the times on the path it is the duration. */
function Sum({
  lines,
  index,
  decimals,
}: {
  readonly lines: readonly Group[];
  readonly index: number;
  readonly decimals: number;
}): preact.JSX.Element {
  const sum = (of: (group: Group) => number): number => lines.reduce((all, group) => all + of(group), 0);
  return (
    <div class="t-row sum" role="row" aria-rowindex={index}>
      <div role="gridcell" class="t-what">
        in all: the times on the path sum to the duration
      </div>
      <div role="gridcell" class="wide">
        {sum((group) => group.count)}
      </div>
      <div role="gridcell">
        {columnTime(
          sum((group) => group.path),
          decimals,
        )}
      </div>
      <div role="gridcell">
        {columnTime(
          sum((group) => group.self),
          decimals,
        )}
      </div>
      <div role="gridcell" class="wide" />
      <div role="gridcell" class="wide" />
      <div role="gridcell" class="wide" />
      <div role="gridcell" class="wide" />
    </div>
  );
}
