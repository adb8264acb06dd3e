// The edge between the names and the time, which is dragged, or moved by the arrow keys.
import type { RefObject } from 'preact';

const least = 220;
const leastRest = 260;
const step = 20;

export function Splitter({
  frame,
}: {
  readonly frame: RefObject<HTMLDivElement | null>;
}): preact.JSX.Element {
  const set = (width: number): void => {
    const element = frame.current;
    if (element === null) return;
    const most = element.clientWidth - leastRest;
    element.style.setProperty('--names', `${Math.max(least, Math.min(most, width))}px`);
  };
  const widthNow = (): number => frame.current?.querySelector('[role=columnheader]')?.clientWidth ?? least;
  return (
    <div
      class="splitter"
      role="separator"
      aria-orientation="vertical"
      aria-label="Width of the names"
      aria-valuenow={40}
      tabIndex={0}
      onPointerDown={(event) => {
        event.preventDefault();
        event.currentTarget.setPointerCapture(event.pointerId);
      }}
      onPointerMove={(event) => {
        if (!event.currentTarget.hasPointerCapture(event.pointerId)) return;
        set(event.clientX - (frame.current?.getBoundingClientRect().left ?? 0));
      }}
      onKeyDown={(event) => {
        if (event.key !== 'ArrowLeft' && event.key !== 'ArrowRight') return;
        event.preventDefault();
        set(widthNow() + (event.key === 'ArrowLeft' ? -step : step));
      }}
    />
  );
}
