// The bar of one of the two traces: its parts in the order of time, to the scale of the longer one.
import { type Signal, useComputed, useSignalEffect } from '@preact/signals';
import { useMemo, useRef } from 'preact/hooks';
import type { ComparedTrace, PageComparison } from '../../report/page/comparison.js';
import { theme } from '../theme.js';
import { paintParts, wideParts } from '../trace/parts.js';
import { useWidth } from '../trace/size.js';
import { timeText } from '../trace/words.js';
import { isUnchanged } from './bridge-rows.js';
import { type Run, runsOf } from './runs.js';

const height = 38;
const leastPixels = 3;
const nameFrom = 74;
const labelFrom = 50;

export function SideBar({
  comparison,
  trace,
  name,
  picked,
  onPick,
}: {
  readonly comparison: PageComparison;
  readonly trace: ComparedTrace;
  readonly name: string;
  /** The steps that are picked. */
  readonly picked: ReadonlySet<number>;
  readonly onPick: (step: number) => void;
}): preact.JSX.Element {
  const { steps, kinds, a, b } = comparison;
  const { duration, parts } = trace;
  const box = useRef<HTMLDivElement>(null);
  const width = useWidth(box, 600);
  const perPixel = duration / Math.max(1, width.value);
  const wide = useMemo(() => wideParts(trace, perPixel * leastPixels), [trace, perPixel]);
  const runs = useMemo(() => runsOf(wide, perPixel), [wide, perPixel]);
  const part = duration / Math.max(1, a.duration, b.duration);
  return (
    <div
      class={`bar-of-parts ${picked.size > 0 ? 'has-pick' : ''}`}
      ref={box}
      style={{ width: `${100 * part}%` }}
      role="group"
      aria-label={`Parts of ${name}, ${timeText(duration)}`}
    >
      <Thin source={{ parts, keys: steps, kinds }} duration={duration} width={width} />
      {wide.map(({ from, to, key }) => {
        const step = steps[key]!;
        const pixels = (to - from) / perPixel;
        const look = isUnchanged(comparison, step) ? 'unchanged' : `w-${step.pattern}`;
        return (
          <button
            key={from}
            type="button"
            class={`part k-${kinds[step.kind]!.family} ${look} ${picked.has(key) ? 'picked' : ''}`}
            style={{ left: `${(100 * from) / duration}%`, width: `${(100 * (to - from)) / duration}%` }}
            tabIndex={-1}
            aria-label={`${step.label} ${timeText(to - from)}`}
            title={`${step.label}: ${timeText(to - from)}`}
            onClick={() => onPick(key)}
          >
            {pixels >= labelFrom && runs.every(({ key: its }) => its !== key) && (
              <Label label={step.label} time={to - from} pixels={pixels} />
            )}
          </button>
        );
      })}
      {runs.map((run) => (
        <RunLabel
          key={run.from}
          run={run}
          comparison={comparison}
          duration={duration}
          perPixel={perPixel}
          isPicked={picked.has(run.key)}
        />
      ))}
    </div>
  );
}

function Label({
  label,
  time,
  pixels,
}: {
  readonly label: string;
  readonly time: number;
  readonly pixels: number;
}): preact.JSX.Element {
  return (
    <span class="label">
      {pixels >= nameFrom && <b>{label} </b>}
      <span>{timeText(time)}</span>
    </span>
  );
}

/** One label for equal parts that follow each other. */
function RunLabel({
  run: { from, to, key, parts, time },
  comparison,
  duration,
  perPixel,
  isPicked,
}: {
  readonly run: Run;
  readonly comparison: PageComparison;
  readonly duration: number;
  readonly perPixel: number;
  readonly isPicked: boolean;
}): preact.JSX.Element {
  const step = comparison.steps[key]!;
  return (
    <span
      class={`part run k-${comparison.kinds[step.kind]!.family} ${isUnchanged(comparison, step) ? 'unchanged' : ''} ${isPicked ? 'picked' : ''}`}
      style={{ left: `${(100 * from) / duration}%`, width: `${(100 * (to - from)) / duration}%` }}
      aria-hidden="true"
    >
      <Label label={`${parts} × ${step.label}`} time={time} pixels={(to - from) / perPixel} />
    </span>
  );
}

/** All parts by columns of pixels, below those that can be hit. */
function Thin({
  source,
  duration,
  width,
}: {
  readonly source: Parameters<typeof paintParts>[1];
  readonly duration: number;
  readonly width: Signal<number>;
}): preact.JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null);
  const state = useComputed(() => ({ theme: theme.value, width: width.value }));
  useSignalEffect(() => {
    const { width: wide } = state.value;
    const element = canvas.current;
    const context = element?.getContext('2d') ?? null;
    if (element === null || context === null) return;
    element.width = Math.max(1, wide);
    paintParts(context, source, (at) => (at / duration) * wide, { top: 0, height, least: 0.25 });
  });
  return <canvas ref={canvas} height={height} aria-hidden="true" />;
}
