// The flame: each row a frame below the row above it, on the same axis of time as the waterfall.
import { useEffect, useLayoutEffect, useMemo, useRef } from 'preact/hooks';
import { theme } from '../theme.js';
import { Minimap } from '../trace/minimap.js';
import type { Row } from '../trace/model.js';
import { scrollTo, useSight, useWidth } from '../trace/size.js';
import { type View, choose, zoomToRow } from '../trace/view.js';
import { Axis, zoomByWheel } from '../trace/waterfall.js';
import { fillsOf } from './fills.js';
import { flameKey } from './keys.js';
import { Labels } from './labels.js';
import { type Layout, layoutOf, rowAt } from './layout.js';
import { frameHeight, lineStep, paintFlame } from './paint.js';
import { Ring } from './ring.js';
import { Twin, wordsOf } from './twin.js';

/** Pixels beyond the edges of what is in sight, so that no empty stripe shows while scrolling. */
const spare = 240;
/** How far from a frame a click may be, in pixels. */
const reach = 3;

export function Flame({ view }: { readonly view: View }): preact.JSX.Element {
  const { model } = view;
  const line = useRef<HTMLDivElement>(null);
  const scroller = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  // The panel may open at the first click of a double click, and move the frames below the pointer.
  const clicked = useRef<Row | undefined>(undefined);
  const width = useWidth(line, 800);
  const sight = useSight(scroller);
  const labels = useMemo(() => new Labels(), []);
  const onlyPath = view.onlyPath.value;
  const layout = useMemo(() => layoutOf(model, onlyPath), [model, onlyPath]);
  const fills = useMemo(() => fillsOf(document.documentElement), [theme.value]);
  const height = layout.lines * lineStep;
  const first = Math.max(0, Math.min(sight.value.top - spare, height));
  const last = Math.min(sight.value.top + sight.value.height + spare, height);
  const area = { top: first, width: width.value, height: Math.max(1, last - first) };
  const [colour, window] = [view.colour.value, view.window.value];

  useLayoutEffect(() => {
    const element = canvas.current;
    if (element === null) return;
    element.style.transform = `translateY(${area.top}px)`;
    element.style.width = `${area.width}px`;
    element.style.height = `${area.height}px`;
    paintFlame(element, view, layout, area, fills, labels);
  }, [layout, fills, colour, window, area.top, area.width, area.height]);
  useFollow(view, layout, scroller);

  const rowUnder = (event: MouseEvent): Row | undefined => {
    const box = scroller.current!.querySelector('.space')!.getBoundingClientRect();
    const { from, to } = view.window.peek();
    const perPixel = (to - from) / box.width;
    const y = event.clientY - box.top;
    if (y % lineStep > frameHeight) return undefined;
    const moment = from + (event.clientX - box.left) * perPixel;
    return rowAt(model, layout, Math.floor(y / lineStep), moment, reach * perPixel);
  };
  return (
    <div class="flame">
      <div class="mini">
        <Minimap view={view} />
      </div>
      <div class="head">
        <div class="axis" ref={line}>
          <Axis view={view} width={width.value} />
        </div>
      </div>
      <div
        class="frames"
        ref={scroller}
        onWheel={(event) => zoomByWheel(event, view)}
        onClick={(event) => {
          const row = rowUnder(event);
          clicked.current = event.detail > 1 ? clicked.current : row;
          if (event.detail === 1 && row !== undefined) choose(view, row, { panel: true, focus: true });
        }}
        onDblClick={() => {
          if (clicked.current !== undefined) zoomToRow(view, clicked.current);
        }}
        onPointerMove={(event) => {
          const row = rowUnder(event);
          event.currentTarget.title = row === undefined ? '' : wordsOf(model, row);
        }}
      >
        <div class="space" style={{ height: `${height}px` }}>
          <canvas ref={canvas} aria-hidden="true" />
          <Ring view={view} layout={layout} />
          <Twin view={view} layout={layout} onKeyDown={(event) => flameKey(event, view, layout.order)} />
        </div>
      </div>
    </div>
  );
}

/** Brings the chosen frame into sight whenever that is wished, and the focus to it. */
function useFollow(view: View, layout: Layout, scroller: { readonly current: HTMLDivElement | null }): void {
  const wish = view.wish.value;
  useEffect(() => {
    const element = scroller.current;
    const line = layout.line[view.chosen.peek()]!;
    if (wish.count === 0 || element === null || line < 0) return;
    const hadFocus = element.contains(document.activeElement);
    scrollTo(element, line * lineStep, lineStep);
    if (wish.focus || hadFocus) {
      document.getElementById(`row-${view.chosen.peek()}`)?.focus({ preventScroll: true });
    }
  }, [wish]);
}
