// The strip of durations over time, logarithmic: a mark is a trace.
import { useEffect, useRef } from 'preact/hooks';
import type { ListRow } from '../../report/page/list-types.js';
import { theme } from '../theme.js';
import { rows } from './list-state.js';

const mostMarks = 2000;
const labels = [
  [1e3, '1 ms'],
  [1e4, '10 ms'],
  [1e5, '100 ms'],
  [1e6, '1 s'],
  [1e7, '10 s'],
  [1e8, '100 s'],
] as const;
const [left, edge] = [46, 9];

export function Strip(): preact.JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null);
  const shown = rows.value.slice(0, mostMarks);
  const look = theme.value;
  useEffect(() => {
    const redraw = (): void => {
      if (canvas.current !== null) draw(canvas.current, shown);
    };
    redraw();
    addEventListener('resize', redraw);
    return () => removeEventListener('resize', redraw);
  }, [shown, look]);
  const slow = shown.filter(isSlow).length;
  const failed = shown.filter(isFailed).length;
  return (
    <div
      class="l-strip"
      role="img"
      aria-label={`Durations of ${shown.length} traces over time: ${slow} slower than 95 % of their route (squares), ${failed} failed (crosses)`}
    >
      <canvas ref={canvas} />
    </div>
  );
}

const isSlow = ({ duration, alike }: ListRow): boolean => alike !== undefined && duration > alike.p95;
const isFailed = ({ errors, unfinished, status }: ListRow): boolean =>
  errors + unfinished > 0 || (status ?? 0) >= 500;

function draw(canvas: HTMLCanvasElement, shown: readonly ListRow[]): void {
  const { width, height } = canvas.getBoundingClientRect();
  const ratio = devicePixelRatio || 1;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const context = canvas.getContext('2d');
  if (context === null || shown.length === 0) return;
  const styles = getComputedStyle(canvas);
  const colour = (name: string): string => styles.getPropertyValue(name).trim();
  context.scale(ratio, ratio);
  context.font = `11px ${styles.fontFamily}`;
  const [shortest, longest] = endsOf(shown.map(({ duration }) => Math.max(100, duration)));
  const low = 10 ** Math.floor(Math.log10(shortest));
  const high = Math.max(low * 100, 10 ** Math.ceil(Math.log10(longest)));
  const y = (micros: number): number =>
    height -
    edge -
    ((Math.log10(Math.max(low, micros)) - Math.log10(low)) / Math.log10(high / low)) * (height - 2 * edge);
  const [from, to] = endsOf(shown.map(({ startedAt }) => startedAt));
  const x = (millis: number): number =>
    left + 10 + ((millis - from) / Math.max(1, to - from)) * (width - left - 20);
  drawLines(context, { width, y, low, high, line: colour('--line'), text: colour('--tx-3') });
  for (const row of shown) drawMark(context, row, x(row.startedAt), y(row.duration), colour);
}

/** The least and the greatest of some numbers: too many for the arguments of a call. */
function endsOf(numbers: readonly number[]): readonly [least: number, greatest: number] {
  let [least, greatest] = [Infinity, -Infinity];
  for (const number of numbers) {
    least = Math.min(least, number);
    greatest = Math.max(greatest, number);
  }
  return [least, greatest];
}

function drawLines(
  context: CanvasRenderingContext2D,
  {
    width,
    y,
    low,
    high,
    line,
    text,
  }: { width: number; y: (micros: number) => number; low: number; high: number; line: string; text: string },
): void {
  const inside = labels.filter(([micros]) => micros >= low && micros <= high);
  // Four of them have place.
  const step = Math.ceil(inside.length / 4);
  context.textAlign = 'right';
  context.textBaseline = 'middle';
  for (const [micros, name] of inside.filter((_, i) => i % step === 0)) {
    const at = Math.round(y(micros)) + 0.5;
    context.strokeStyle = line;
    context.beginPath();
    context.moveTo(left, at);
    context.lineTo(width, at);
    context.stroke();
    context.fillStyle = text;
    context.fillText(name, left - 6, at);
  }
}

function drawMark(
  context: CanvasRenderingContext2D,
  row: ListRow,
  x: number,
  y: number,
  colour: (name: string) => string,
): void {
  const size = 3.5;
  context.beginPath();
  if (isFailed(row)) {
    context.strokeStyle = colour('--err');
    context.lineWidth = 2;
    context.moveTo(x - size, y - size);
    context.lineTo(x + size, y + size);
    context.moveTo(x + size, y - size);
    context.lineTo(x - size, y + size);
    context.stroke();
    return;
  }
  context.fillStyle = isSlow(row) ? colour('--worse') : colour('--tx-3');
  if (isSlow(row)) context.rect(x - size, y - size, 2 * size, 2 * size);
  else context.arc(x, y, 2.5, 0, 2 * Math.PI);
  context.fill();
}
