// The bar of parts: the whole duration in the order of time. A part has its true width; what is too thin to hit is hit
// in the key.
import { useEffect, useMemo, useRef } from 'preact/hooks';
import { theme } from '../theme.js';
import { lookOf, paintParts, wideParts } from './parts.js';
import { useWidth } from './size.js';
import { type View, pick } from './view.js';
import { shareText, timeText } from './words.js';

const height = 38;
const leastPixels = 3;
const nameFrom = 74;
const labelFrom = 50;

export function PartsBar({ view }: { readonly view: View }): preact.JSX.Element {
  const { trace } = view.model;
  const { duration } = trace;
  const box = useRef<HTMLDivElement>(null);
  const width = useWidth(box, innerWidth - 32);
  const perPixel = duration / Math.max(1, width.value);
  const parts = useMemo(() => wideParts(trace, perPixel * leastPixels), [trace, perPixel]);
  const { sums, middles } = view.model.parts;
  return (
    <div class="parts">
      <div class="ends" aria-hidden="true">
        <span>0</span>
        <span>{timeText(duration)}, all of it</span>
      </div>
      {pinsOf(middles, perPixel).map(({ number, at }) => (
        <span key={number} class="disc pin" style={{ left: `${at}px` }} aria-hidden="true">
          {number}
        </span>
      ))}
      <div
        class={`bar-of-parts ${view.picked.value === undefined ? '' : 'has-pick'}`}
        ref={box}
        role="group"
        aria-label={`Parts of ${timeText(duration)}`}
      >
        <Thin view={view} width={width.value} />
        {parts.map(({ from, to, key }) => {
          const { label } = trace.keys[key]!;
          const pixels = (to - from) / perPixel;
          return (
            <button
              key={from}
              type="button"
              class={`part ${lookOf(trace, key)} ${view.picked.value === key ? 'picked' : ''}`}
              style={{ left: `${(100 * from) / duration}%`, width: `${(100 * (to - from)) / duration}%` }}
              tabIndex={-1}
              aria-label={`${label} ${timeText(to - from)} · ${shareText(to - from, duration)}`}
              title={`${label}: ${timeText(to - from)} of ${timeText(sums[key]!)}`}
              onPointerEnter={() => (view.hovered.value = key)}
              onPointerLeave={() => (view.hovered.value = undefined)}
              onClick={() => pick(view, key)}
            >
              {pixels >= labelFrom && (
                <span class="label">
                  {pixels >= nameFrom && <b>{label} </b>}
                  <span>
                    {timeText(to - from)}
                    {pixels > 110 && ` · ${shareText(to - from, duration)}`}
                  </span>
                </span>
              )}
            </button>
          );
        })}
      </div>
    </div>
  );
}

const pinWidth = 18;

/** The places of the findings' numbers above the bar, in pixels; of two that would overlap, the first finding's. */
function pinsOf(
  middles: ReadonlyMap<number, number>,
  perPixel: number,
): readonly { readonly number: number; readonly at: number }[] {
  const pins: { readonly number: number; readonly at: number }[] = [];
  for (const [number, middle] of [...middles].toSorted(([a], [b]) => a - b)) {
    const at = middle / perPixel;
    if (pins.every((pin) => Math.abs(pin.at - at) >= pinWidth)) pins.push({ number, at });
  }
  return pins;
}

/** All parts by columns of pixels, below those that can be hit. */
function Thin({ view, width }: { readonly view: View; readonly width: number }): preact.JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const context = canvas.current?.getContext('2d') ?? null;
    if (context === null) return;
    const { trace } = view.model;
    context.clearRect(0, 0, width, height);
    paintParts(context, trace, (at) => (at / trace.duration) * width, { top: 0, height, least: 0.25 });
    // Another width empties the canvas.
  }, [view, width, theme.value]);
  return <canvas ref={canvas} width={Math.max(1, width)} height={height} aria-hidden="true" />;
}
