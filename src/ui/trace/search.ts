// Searches the points of a trace, in slices of time, so that the page answers meanwhile.
import { type Row, isRepeat } from './model.js';
import { type View, chooseNext } from './view.js';
import { searching } from './words.js';

const sliceMs = 8;

const queryOf = (view: View): string => view.query.peek().trim().toLowerCase();

/** Whether a row is one that is searched for: a repeat is passed over for its points. */
function hitsOf({ model }: View, query: string): (row: Row) => boolean {
  const has = searching(model, query);
  return (row) => !isRepeat(model, row) && has(row);
}

/** Chooses the next row that has the text, or the one before. */
export function nextHit(view: View, step: 1 | -1): void {
  const query = queryOf(view);
  if (query !== '') chooseNext(view, hitsOf(view, query), step);
}

/**
 * Counts the rows that have the text.
 *
 * @param tell is called once, with their number
 * @returns what ends the count before it is done
 */
export function countHits(view: View, tell: (found: number | undefined) => void): () => void {
  const query = queryOf(view);
  let timer: ReturnType<typeof setTimeout> | undefined;
  let row = 0;
  let found = 0;
  const { model } = view;
  const isWanted = hitsOf(view, query);
  const isShown = (at: Row): boolean => at === 0 || model.above[at]! >= 0;
  const slice = (): void => {
    const until = performance.now() + sliceMs;
    for (; row < model.rows; row++) {
      if (isShown(row) && isWanted(row)) found++;
      if (row % 64 === 0 && performance.now() > until) {
        timer = setTimeout(slice);
        return;
      }
    }
    tell(found);
  };
  if (query === '') tell(undefined);
  else timer = setTimeout(slice, 50);
  return () => clearTimeout(timer);
}
