// The waterfall: rows of points in their tree, beside a common axis of time. Only the rows in sight exist.
import { computed } from '@preact/signals';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import { ticksOf } from './bars.js';
import { Minimap } from './minimap.js';
import type { Row } from './model.js';
import { RowLine } from './row-line.js';
import { rowKey } from './row-keys.js';
import { isNarrow, scrollTo, useSight, useWidth } from './size.js';
import { Splitter } from './splitter.js';
import { type View, choose, toggle, zoomBy } from './view.js';
import { columnTime, decimalsOf, searching, timeText } from './words.js';

const rowHeight = 24;
const narrowRowHeight = 44;
/** Rows beyond the edges of what is in sight, so that no empty stripe shows while scrolling. */
const spare = 8;

/** The height of a row in pixels. */
const heightOf = (): number => (isNarrow.matches ? narrowRowHeight : rowHeight);

export function Waterfall({ view }: { readonly view: View }): preact.JSX.Element {
  const { model } = view;
  const line = useRef<HTMLDivElement>(null);
  const frame = useRef<HTMLDivElement>(null);
  const width = useWidth(line, 500);
  const decimals = decimalsOf(view.whole.to - view.whole.from);
  return (
    <div class="waterfall" ref={frame}>
      <Splitter frame={frame} />
      <div class="mini columns">
        <p class="hint">
          {view.rows.value.length} rows of {model.trace.count} points
          <br />
          drag to zoom; the response at {timeText(model.trace.duration)}
        </p>
        <Minimap view={view} />
      </div>
      <div class="grid" role="treegrid" aria-label="Points" aria-rowcount={view.rows.value.length + 1}>
        <div role="rowgroup">
          <div class="head columns" role="row" aria-rowindex={1}>
            <div role="columnheader">Point</div>
            <div role="columnheader" class="c-time">
              ms
            </div>
            <div role="columnheader" class="c-self">
              self
            </div>
            <div role="columnheader" class="axis" ref={line}>
              <span class="sr">Time</span>
              <Axis view={view} width={width.value} />
            </div>
          </div>
        </div>
        <Rows view={view} width={width.value} decimals={decimals} />
      </div>
    </div>
  );
}

/** The ticks of the time that is shown, and the moment of the response. */
export function Axis({ view, width }: { readonly view: View; readonly width: number }): preact.JSX.Element {
  const window = view.window.value;
  const { duration } = view.model.trace;
  const percent = (at: number): number => (100 * (at - window.from)) / (window.to - window.from);
  const decimals = window.to - window.from < 2000 ? 3 : window.to - window.from < 20_000 ? 1 : 0;
  const isResponse = duration >= window.from && duration <= window.to;
  const right = percent(duration);
  // The label of the response takes the room of ticks that it would cover.
  const isFree = (at: number): boolean =>
    !isResponse || percent(at) > right + 1 || right - percent(at) > (100 * 130) / width;
  return (
    <>
      {ticksOf(window, width).map((at, index) => (
        <span key={at} class="tick" style={{ left: `${percent(at)}%` }} aria-hidden="true">
          {isFree(at) && percent(at) < 96 && `${columnTime(at, decimals)}${index === 0 ? ' ms' : ''}`}
        </span>
      ))}
      {isResponse && (
        <span
          class={`response ${right < 18 ? 'right' : ''}`}
          style={{ left: `${right}%` }}
          aria-hidden="true"
        >
          <b>response {timeText(duration)}</b>
        </span>
      )}
    </>
  );
}

function Rows({
  view,
  width,
  decimals,
}: {
  readonly view: View;
  readonly width: number;
  readonly decimals: number;
}): preact.JSX.Element {
  const { model } = view;
  const scroller = useRef<HTMLDivElement>(null);
  const sight = useSight(scroller);
  const hits = useMemo(() => computed(() => hitsOf(view)), [view]);
  const wish = view.wish.value;
  const rows = view.rows.value;
  const open = view.open.value;
  const window = view.window.value;
  const height = heightOf();
  const first = Math.max(0, Math.floor(sight.value.top / height) - spare);
  const last = Math.min(rows.length, Math.ceil((sight.value.top + sight.value.height) / height) + spare);
  const chosenAt = useMemo(() => rows.indexOf(view.chosen.value), [rows, view.chosen.value]);

  useEffect(() => {
    const { count, focus } = wish;
    const at = view.rows.peek().indexOf(view.chosen.peek());
    const element = scroller.current;
    if (count === 0 || element === null || at < 0) return;
    const hadFocus = element.contains(document.activeElement);
    scrollTo(element, at * heightOf(), heightOf());
    if (!focus && !hadFocus) return;
    // The row may be made only now that it is in sight.
    requestAnimationFrame(() =>
      requestAnimationFrame(() =>
        document.getElementById(`row-${view.chosen.peek()}`)?.focus({ preventScroll: true }),
      ),
    );
  }, [wish]);

  // Elements are kept and refilled: a row has the same one as long as it is in sight. The chosen row keeps its own, and
  // with it the focus.
  const slots = Math.ceil(sight.value.height / height) + 2 * spare + 2;
  const shown = Array.from(rows.subarray(first, last));
  // The chosen row is where the Tab key leads, so it exists wherever it is.
  if (chosenAt >= 0 && (chosenAt < first || chosenAt >= last)) shown.push(rows[chosenAt]!);
  const indexOf = (row: Row, at: number): number => (at < last - first ? first + at : rows.indexOf(row));
  return (
    <div
      class="rows"
      role="rowgroup"
      ref={scroller}
      onClick={(event) => {
        const row = rowAt(event.target);
        if (row === undefined || (event.target as Element).closest('.twisty svg, .twisty.open') !== null)
          return;
        choose(view, row, { panel: true, focus: true });
      }}
      onKeyDown={(event) => rowKey(event, view, Math.max(1, Math.floor(sight.value.height / height) - 1))}
      onWheel={(event) => zoomByWheel(event, view)}
    >
      <Shade view={view} />
      <div class="spacer" style={{ height: `${rows.length * height}px` }} role="presentation" />
      {shown.map((row, at) => {
        const index = indexOf(row, at);
        return (
          <RowLine
            key={row === view.chosen.value ? 'chosen' : index % slots}
            model={model}
            row={row}
            index={index}
            isOpen={open.has(row)}
            isChosen={view.chosen.value === row}
            isHit={hits.value?.(row) ?? false}
            colour={view.colour.value}
            window={window}
            width={width}
            top={index * height}
            decimals={decimals}
            onToggle={() => toggle(view, row)}
          />
        );
      })}
    </div>
  );
}

function hitsOf(view: View): ((row: Row) => boolean) | undefined {
  const query = view.query.value.trim().toLowerCase();
  return query === '' ? undefined : searching(view.model, query);
}

/** The lines of the axis through all rows, and what lies behind the response. */
function Shade({ view }: { readonly view: View }): preact.JSX.Element {
  const { from, to } = view.window.value;
  const { duration, parts } = view.model.trace;
  const percent = (at: number): number => (100 * Math.min(Math.max(at - from, 0), to - from)) / (to - from);
  const picked = view.picked.value;
  const bands = picked === undefined ? [] : bandsOf(parts, picked);
  return (
    <div class="shade columns" aria-hidden="true">
      <div>
        {bands.map(([start, end]) => (
          <i
            key={start}
            class="band"
            style={{ left: `${percent(start)}%`, width: `${percent(end) - percent(start)}%` }}
          />
        ))}
        {duration < to && (
          <i class="after" style={{ left: `${percent(duration)}%`, width: `${100 - percent(duration)}%` }} />
        )}
      </div>
    </div>
  );
}

const mostBands = 200;

function bandsOf(
  { to, key }: View['model']['trace']['parts'],
  picked: number,
): readonly (readonly [number, number])[] {
  return key
    .flatMap((its, at) => (its === picked ? [[to[at - 1] ?? 0, to[at]!] as const] : []))
    .slice(0, mostBands);
}

function rowAt(target: EventTarget | null): Row | undefined {
  const element = target instanceof Element ? target.closest<HTMLElement>('[data-row]') : null;
  return element === null ? undefined : Number(element.dataset['row']);
}

/** The wheel with Ctrl zooms around the pointer. */
export function zoomByWheel(event: WheelEvent, view: View): void {
  if (!event.ctrlKey && !event.metaKey) return;
  event.preventDefault();
  const axis = document.querySelector('.axis')?.getBoundingClientRect();
  if (axis === undefined || axis.width === 0) return;
  const at = Math.min(1, Math.max(0, (event.clientX - axis.left) / axis.width));
  zoomBy(view, event.deltaY > 0 ? 1.2 : 1 / 1.2, at);
}
