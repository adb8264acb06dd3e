// The rows that a window shows of a long list: only these are in the page.
import { useEffect, useState } from 'preact/hooks';
import type { RefObject } from 'preact';

export interface Shown {
  readonly first: number;
  readonly last: number;
}

/** Rows beyond the edges, so that scrolling shows no gap. */
const beyond = 12;

/**
 * Follows the scrolling of a list, or of the whole page around it.
 *
 * @param count how many rows there are
 * @param height of a row, in pixels
 */
export function useWindow(list: RefObject<HTMLElement | null>, count: number, height: number): Shown {
  const [shown, setShown] = useState<Shown>({ first: 0, last: 60 });
  useEffect(() => {
    const measure = (): void => {
      const element = list.current;
      const frame = element?.parentElement;
      if (element === null || frame === null || frame === undefined) return;
      const top = Math.max(0, frame.getBoundingClientRect().top) - element.getBoundingClientRect().top;
      const first = Math.max(0, Math.floor(top / height) - beyond);
      const last = Math.ceil((top + innerHeight) / height) + beyond;
      setShown((before) => (before.first === first && before.last === last ? before : { first, last }));
    };
    measure();
    const frame = list.current?.parentElement;
    const options = { passive: true } as const;
    frame?.addEventListener('scroll', measure, options);
    addEventListener('scroll', measure, options);
    addEventListener('resize', measure, options);
    return () => {
      frame?.removeEventListener('scroll', measure);
      removeEventListener('scroll', measure);
      removeEventListener('resize', measure);
    };
  }, [count, height]);
  return { first: Math.min(shown.first, Math.max(0, count - 1)), last: Math.min(shown.last, count) };
}
