// Measures elements, and what of a long list is in sight.
import { type Signal, useSignal } from '@preact/signals';
import type { RefObject } from 'preact';
import { useLayoutEffect } from 'preact/hooks';

/** The width of an element in pixels, also when it changes. */
export function useWidth(ref: RefObject<HTMLElement | null>, first: number): Signal<number> {
  const width = useSignal(first);
  useLayoutEffect(() => {
    const element = ref.current;
    if (element === null) return undefined;
    const observer = new ResizeObserver(([entry]) => {
      if (entry !== undefined) width.value = Math.round(entry.contentRect.width);
    });
    width.value = element.clientWidth;
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return width;
}

/** Whether the whole page scrolls, and not its parts: on narrow screens. */
export const isNarrow = matchMedia('(max-width: 679px)');

/** What of a list is in sight: how far it is scrolled, and its height, in pixels. */
export interface Sight {
  readonly top: number;
  readonly height: number;
}

/** Follows what is in sight of a list that scrolls by itself, or with the page on narrow screens. */
export function useSight(ref: RefObject<HTMLElement | null>): Signal<Sight> {
  const sight = useSignal<Sight>({ top: 0, height: innerHeight });
  useLayoutEffect(() => {
    const element = ref.current;
    if (element === null) return undefined;
    const measure = (): void => {
      const next = isNarrow.matches
        ? { top: Math.max(0, -element.getBoundingClientRect().top), height: innerHeight }
        : { top: element.scrollTop, height: element.clientHeight };
      const { top, height } = sight.peek();
      if (top !== next.top || height !== next.height) sight.value = next;
      // What stands above the list is as wide as its rows are.
      const gutter = `${element.offsetWidth - element.clientWidth}px`;
      const frame = element.parentElement?.parentElement;
      if (frame?.style.getPropertyValue('--gutter') !== gutter) frame?.style.setProperty('--gutter', gutter);
    };
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    element.addEventListener('scroll', measure, { passive: true });
    addEventListener('scroll', measure, { passive: true });
    addEventListener('resize', measure);
    measure();
    return () => {
      observer.disconnect();
      element.removeEventListener('scroll', measure);
      removeEventListener('scroll', measure);
      removeEventListener('resize', measure);
    };
  }, []);
  return sight;
}

/** Brings a line of a list into sight, and no further than needed. */
export function scrollTo(element: HTMLElement, top: number, height: number): void {
  if (isNarrow.matches) {
    const at = element.getBoundingClientRect().top + top;
    const above = 150;
    if (at < above || at + height > innerHeight - 20) scrollBy({ top: at - innerHeight / 2 });
    return;
  }
  if (top < element.scrollTop) element.scrollTop = top;
  else if (top + height > element.scrollTop + element.clientHeight) {
    element.scrollTop = top + height - element.clientHeight;
  }
}
