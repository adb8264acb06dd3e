// The ring around the chosen frame: an element over the canvas, so that a choice draws nothing anew.
import type { View } from '../trace/view.js';
import type { Layout } from './layout.js';
import { lineStep } from './paint.js';

export function Ring({
  view,
  layout,
}: {
  readonly view: View;
  readonly layout: Layout;
}): preact.JSX.Element | null {
  const row = view.chosen.value;
  const { from, to } = view.window.value;
  const { start, end } = view.model;
  const line = layout.line[row]!;
  if (line < 0 || end[row]! < from || start[row]! > to) return null;
  const percent = (at: number): number => (100 * (Math.min(to, Math.max(from, at)) - from)) / (to - from);
  const left = percent(start[row]!);
  return (
    <i
      class="ring"
      aria-hidden="true"
      style={{ left: `${left}%`, width: `${percent(end[row]!) - left}%`, top: `${line * lineStep}px` }}
    />
  );
}
