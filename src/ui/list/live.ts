// New traces come by themselves: the server is asked what is newest, and the rows of what is not known are asked for.
import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { ListRow } from '../../report/page/list-types.js';
import { goTo, isLeaving } from '../address.js';
import {
  about,
  answered,
  filter,
  fresh,
  known,
  loadAbout,
  problem,
  putRows,
  reload,
  rows,
  waiting,
} from './list-state.js';
import { newest, rowsOf } from './server.js';

/** Whether new traces are asked for. */
export const isLive = signal(true);

const pollMs = 2000;
const freshMs = 2400;
const mostRefreshed = 20;

/** The newest traces that are not in the list, because the filter does not take them. */
let passed = new Set<string>();

/** Asks for news while the list is shown. @param isAtTop whether a new row would move nothing that somebody reads */
export function useLive(isAtTop: () => boolean): void {
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout>;
    let isOver = false;
    const turn = async (): Promise<void> => {
      const isListed = about.peek()?.canList ?? true;
      if (isLive.peek() && isListed && !document.hidden) await look(isAtTop, () => isOver);
      if (!isOver) timer = setTimeout(() => void turn(), pollMs);
    };
    timer = setTimeout(() => void turn(), pollMs);
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, []);
}

/** @param isOver whether the list has been left, so that nothing may go anywhere any more */
async function look(isAtTop: () => boolean, isOver: () => boolean): Promise<void> {
  const wasGone = problem.peek() !== undefined;
  const said = await answered(newest);
  if (said === undefined || isOver()) return;
  if (about.peek() === undefined) await loadAbout();
  if (isOver()) return;
  const before = known.peek();
  if (wasGone || before === undefined) return reload();
  if (said.total !== undefined) known.value = { ...before, total: said.total };
  passed = new Set(said.ids.filter((id) => passed.has(id)));
  const [first] = said.ids;
  const isFirst = before.total === 0 && filter.peek() === '' && rows.peek().length === 0;
  const isBusy = isLeaving() || document.querySelector('dialog[open]') !== null;
  if (isFirst && first !== undefined && !isBusy) return goTo({ trace: first });
  const there = new Set([...rows.peek(), ...waiting.peek()].map(({ base_id }) => base_id));
  const unknown = said.ids.filter((id) => !there.has(id) && !passed.has(id));
  // So many came that some are not among the newest any more. With a filter, the rows may all be older than those.
  const isBehind = filter.peek() === '' && unknown.length === said.ids.length && there.size > 0;
  if (isBehind && passed.size === 0 && isAtTop()) return reload();
  const growing = rows
    .peek()
    .slice(0, mostRefreshed)
    .filter(({ isGrowing }) => isGrowing);
  await take(unknown, growing, isAtTop);
}

async function take(
  unknown: readonly string[],
  growing: readonly ListRow[],
  isAtTop: () => boolean,
): Promise<void> {
  const ids = [...unknown, ...growing.map(({ base_id }) => base_id)];
  if (ids.length === 0) return;
  const asked = filter.peek();
  const found = await answered(() => rowsOf(ids.slice(0, 50), asked));
  if (found === undefined || filter.peek() !== asked) return;
  const taken = new Set(found.map(({ base_id }) => base_id));
  // A trace that cannot be read yet is asked for again.
  const readable = found.filter(({ points }) => points > 0);
  for (const id of unknown) if (!taken.has(id)) passed.add(id);
  const isNew = new Set(unknown);
  putRows(readable.filter(({ base_id }) => !isNew.has(base_id)));
  const added = readable.filter(({ base_id }) => isNew.has(base_id));
  if (added.length === 0) return;
  if (isAtTop()) show(added);
  else waiting.value = [...added, ...waiting.peek()];
}

/** The rows come in with a fade. */
function show(added: readonly ListRow[]): void {
  putRows(added);
  fresh.value = new Set(added.map(({ base_id }) => base_id));
  setTimeout(() => {
    fresh.value = new Set();
  }, freshMs);
}

/** Shows the rows that wait. */
export function showWaiting(): void {
  const added = waiting.peek();
  waiting.value = [];
  show(added);
}

/** Another filter may take what the last one did not. */
export const forgetPassed = (): void => passed.clear();
