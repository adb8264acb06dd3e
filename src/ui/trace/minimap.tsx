// The minimap: all of the time in small, with the window that is shown. It is drawn by lines of pixels and not by
// points, and only when rows or colours change; the window is an element over it.
import { useEffect, useRef } from 'preact/hooks';
import { theme } from '../theme.js';
import { paintMinimap } from './minimap-paint.js';
import { useWidth } from './size.js';
import { type View, type Window, moveBy, zoomBy, zoomOut, zoomTo } from './view.js';
import { timeText } from './words.js';

type Grip = 'from' | 'to' | 'inside' | 'new';

/** A drag: where it began, and the window at that time. */
interface Drag {
  readonly grip: Grip;
  readonly at: number;
  readonly window: Window;
}

export function Minimap({ view }: { readonly view: View }): preact.JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null);
  const box = useRef<HTMLDivElement>(null);
  const drag = useRef<Drag | undefined>(undefined);
  const width = useWidth(box, 400);
  const rows = view.rows.value;
  useEffect(() => {
    const element = canvas.current;
    if (element !== null) paintMinimap(element, view, rows, width.value);
  }, [view, rows, width.value, theme.value, view.colour.value]);
  const { whole } = view;
  const { from, to } = view.window.value;
  const percent = (at: number): number => (100 * (at - whole.from)) / (whole.to - whole.from);
  const isWhole = from === whole.from && to === whole.to;
  const momentAt = (event: PointerEvent): number => {
    const { left, width: wide } = box.current!.getBoundingClientRect();
    return whole.from + ((event.clientX - left) / wide) * (whole.to - whole.from);
  };
  return (
    <div
      class="map"
      ref={box}
      role="slider"
      tabIndex={0}
      aria-label="The time that is shown"
      aria-valuemin={Math.round(whole.from)}
      aria-valuemax={Math.round(whole.to)}
      aria-valuenow={Math.round(from)}
      aria-valuetext={`from ${timeText(from)} to ${timeText(to)}`}
      onPointerDown={(event) => {
        event.preventDefault();
        const at = momentAt(event);
        const named = event.target instanceof HTMLElement ? event.target.dataset['grip'] : undefined;
        const grip = (named as Grip | undefined) ?? (!isWhole && at > from && at < to ? 'inside' : 'new');
        drag.current = { grip, at, window: { from, to } };
        event.currentTarget.setPointerCapture(event.pointerId);
      }}
      onPointerMove={(event) => {
        if (drag.current !== undefined) follow(view, drag.current, momentAt(event));
      }}
      onPointerUp={() => {
        drag.current = undefined;
      }}
      onDblClick={() => zoomOut(view)}
      onKeyDown={(event) => mapKey(event, view)}
    >
      <canvas ref={canvas} aria-hidden="true" />
      <i class="veil" style={{ left: 0, width: `${percent(from)}%` }} />
      <i class="veil" style={{ left: `${percent(to)}%`, right: 0 }} />
      <div class="window" style={{ left: `${percent(from)}%`, width: `${percent(to) - percent(from)}%` }}>
        <i class="grip" data-grip="from" />
        <i class="grip" data-grip="to" />
      </div>
    </div>
  );
}

// A click without a move is no window.
const leastPart = 0.004;

function follow(view: View, { grip, at, window: { from, to } }: Drag, now: number): void {
  const least = (view.whole.to - view.whole.from) * leastPart;
  if (grip === 'from') zoomTo(view, Math.min(now, to - least), to);
  else if (grip === 'to') zoomTo(view, from, Math.max(now, from + least));
  else if (grip === 'inside') zoomTo(view, from + now - at, to + now - at);
  else if (Math.abs(now - at) >= least) zoomTo(view, Math.min(now, at), Math.max(now, at));
}

const mapActions: Readonly<Record<string, (view: View) => void>> = {
  ArrowLeft: (view) => moveBy(view, -0.1),
  ArrowRight: (view) => moveBy(view, 0.1),
  ArrowUp: (view) => zoomBy(view, 0.8),
  ArrowDown: (view) => zoomBy(view, 1.25),
  Home: (view) => zoomOut(view),
};

function mapKey(event: KeyboardEvent, view: View): void {
  if (event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
  if (!Object.hasOwn(mapActions, event.key)) return;
  event.preventDefault();
  event.stopPropagation();
  mapActions[event.key]!(view);
}
