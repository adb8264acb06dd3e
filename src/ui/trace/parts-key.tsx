// The key of the bar: what each part was, the largest first. All lines together are the duration.
import { useSignal } from '@preact/signals';
import { useMemo, useRef } from 'preact/hooks';
import { lookOf } from './parts.js';
import { isNarrow, useWidth } from './size.js';
import { type View, pick } from './view.js';
import { shareText, timeText } from './words.js';

/** About how wide a character of a name is, and what stands beside a name. */
const characterWidth = 6.4;
const besideName = 116;
const roomForMore = 130;
/** More than this would be a table; that is a view of its own. */
const mostLines = 60;

export function PartsKey({ view }: { readonly view: View }): preact.JSX.Element {
  const { trace } = view.model;
  const { keys, duration } = trace;
  const isAll = useSignal(false);
  const lines = useMemo(() => {
    const { sums } = view.model.parts;
    return keys.map((_, key) => ({ key, sum: sums[key]! })).toSorted((a, b) => b.sum - a.sum);
  }, [trace]);
  const box = useRef<HTMLDivElement>(null);
  const width = useWidth(box, innerWidth - 32);
  const room = isNarrow.matches ? Infinity : width.value - roomForMore;
  const fitting = fitIn(
    room,
    lines.map(({ key }) => keys[key]!.label),
  );
  const shown = lines.slice(0, isAll.value ? mostLines : Math.min(mostLines, fitting));
  const rest = lines.slice(shown.length);
  const restSum = rest.reduce((sum, line) => sum + line.sum, 0);
  return (
    <div class={`key ${isAll.value ? 'all' : ''}`} ref={box} role="group" aria-label="Key of the parts">
      {shown.map(({ key, sum }) => (
        <button
          key={key}
          type="button"
          class={view.picked.value === key ? 'picked' : ''}
          onPointerEnter={() => (view.hovered.value = key)}
          onPointerLeave={() => (view.hovered.value = undefined)}
          onClick={() => pick(view, key)}
        >
          <i class={`swatch ${lookOf(trace, key)}`} />
          <span class="name">{keys[key]!.label}</span> <b>{timeText(sum)}</b>{' '}
          <span class="share">{shareText(sum, duration)}</span>
        </button>
      ))}
      {(rest.length > 0 || isAll.value) && (
        <button
          type="button"
          class="more"
          aria-expanded={isAll.value}
          onClick={() => (isAll.value = !isAll.value)}
        >
          {isAll.value && rest.length === 0 ? 'fewer' : `${rest.length} more: ${timeText(restSum)}`}
        </button>
      )}
    </div>
  );
}

/** How many names have room on one line. */
function fitIn(room: number, names: readonly string[]): number {
  let left = room;
  const at = names.findIndex((name) => {
    left -= name.length * characterWidth + besideName;
    return left < 0;
  });
  return at < 0 ? names.length : Math.max(1, at);
}
