// The durations of a repeat, one stroke for each of its points, or for the longest of several that share a stroke.
import type { Model, Row } from './model.js';
import { timeText } from './words.js';

const mostStrokes = 60;

export function Durations({ model, row }: { readonly model: Model; readonly row: Row }): preact.JSX.Element {
  const times = Array.from(model.members(row), (point) => model.end[point]! - model.start[point]!);
  const sorted = times.toSorted((a, b) => a - b);
  const [least, middle, most] = [sorted[0]!, sorted[Math.ceil(sorted.length / 2) - 1]!, sorted.at(-1)!];
  const perStroke = Math.ceil(times.length / mostStrokes);
  const strokes = Array.from({ length: Math.ceil(times.length / perStroke) }, (_, at) =>
    times.slice(at * perStroke, (at + 1) * perStroke).reduce((longest, time) => Math.max(longest, time), 0),
  );
  return (
    <section class="section">
      <h3>Each of the {times.length}</h3>
      <div
        class="durations"
        role="img"
        aria-label={`Durations of ${times.length} points, ${timeText(least)} to ${timeText(most)}`}
      >
        {strokes.map((time, at) => (
          <i key={at} style={{ height: `${most === 0 ? 0 : (100 * time) / most}%` }} />
        ))}
      </div>
      <p class="ends">
        <span>min {timeText(least)}</span>
        <span>p50 {timeText(middle)}</span>
        <span>max {timeText(most)}</span>
      </p>
    </section>
  );
}
