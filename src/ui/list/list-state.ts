// The list that is shown: its rows, the filter, and what is known of the store.
import { type ReadonlySignal, computed, signal } from '@preact/signals';
import type { AboutStore, Alike, ListPage, ListRow } from '../../report/page/list-types.js';
import { address, keep } from '../address.js';
import { conditionsIn, filterText } from './conditions.js';
import { aboutStore, listPage } from './server.js';

/** What is known of the list beside its rows. */
interface Known extends Pick<ListPage, 'next' | 'total' | 'isWhole'> {
  /** How many traces were read for the rows. */
  readonly examined: number;
  /** How many rows the last page has added. After none, only people ask for more: it may read the whole store. */
  readonly added: number;
}

/** Undefined until the first page is there. */
export const known = signal<Known | undefined>(undefined);
export const rows = signal<readonly ListRow[]>([]);
/** New rows that wait at the top, because somebody reads further down. */
export const waiting = signal<readonly ListRow[]>([]);
/** The traces that came a moment ago. */
export const fresh = signal<ReadonlySet<string>>(new Set());
/** The two traces that are marked for a comparison, or one, or none. */
export const marks = signal<readonly string[]>([]);
export const about = signal<AboutStore | undefined>(undefined);
/** What the server or its store says while it cannot answer. */
export const problem = signal<string | undefined>(undefined);
/** The fault of the filter. */
export const filterProblem = signal<string | undefined>(undefined);
export const isLoading = signal(false);

/** The filter's finished conditions: they stand in the address. */
export const conditions: ReadonlySignal<readonly string[]> = computed(() =>
  conditionsIn(address.value.get('q') ?? ''),
);
/** The text that is typed beside them. */
export const typed = signal('');
/** The whole filter, as the server takes it. */
export const filter: ReadonlySignal<string> = computed(() => filterText(conditions.value, typed.value));

export const setConditions = (all: readonly string[]): void => keep({ q: all.join(' ') });

/** The newest question. The server stops reading traces for one that was given up. */
let asked = new AbortController();

/** Asks for a page in place of what was asked for before; undefined if the server does not give it, or nobody wants it. */
async function pageAfter(after: string | undefined): Promise<ListPage | undefined> {
  asked.abort();
  const ours = (asked = new AbortController());
  isLoading.value = true;
  const page = await answered(() => listPage(filter.peek(), after, ours.signal), ours.signal);
  if (ours.signal.aborted) return undefined;
  isLoading.value = false;
  return page;
}

/** Loads the first page again. */
export async function reload(): Promise<void> {
  const page = await pageAfter(undefined);
  if (page === undefined) return;
  filterProblem.value = undefined;
  rows.value = alike(page.rows);
  waiting.value = [];
  known.value = { ...page, added: page.rows.length };
}

/** Loads the next page behind the last row. */
export async function loadMore(): Promise<void> {
  const before = known.peek();
  if (before?.next === undefined || isLoading.peek()) return;
  const page = await pageAfter(before.next);
  if (page === undefined) return;
  const there = new Set(rows.peek().map(({ base_id }) => base_id));
  const added = page.rows.filter(({ base_id }) => !there.has(base_id));
  rows.value = alike([...rows.peek(), ...added]);
  known.value = { ...page, examined: before.examined + page.examined, added: added.length };
}

/** Learns which store is shown. */
export async function loadAbout(): Promise<void> {
  about.value = (await answered(aboutStore)) ?? about.peek();
}

/**
 * Asks the server. What it says in place of an answer is shown, and the data stays.
 *
 * @param givenUp of a question that may be given up
 * @returns undefined if it has not answered
 */
export async function answered<Data>(
  question: () => Promise<Data>,
  givenUp?: AbortSignal,
): Promise<Data | undefined> {
  try {
    const answer = await question();
    problem.value = undefined;
    return answer;
  } catch (error) {
    if (givenUp?.aborted === true) return undefined;
    const { message } = error as Error;
    if (message.includes(' is no condition; ')) filterProblem.value = message;
    else problem.value = message;
    return undefined;
  }
}

/** Marks a trace for a comparison, or takes the mark away; of three marks the first goes. */
export function mark(base_id: string): void {
  const others = marks.peek().filter((each) => each !== base_id);
  marks.value = others.length < marks.peek().length ? others : [...others, base_id].slice(-2);
}

/** Puts rows into their places by time; those that are there are replaced. */
export function putRows(some: readonly ListRow[]): void {
  const changed = new Map(some.map((row) => [row.base_id, row]));
  const kept = rows.peek().map((row) => {
    const change = changed.get(row.base_id);
    changed.delete(row.base_id);
    return change ?? row;
  });
  const added = [...changed.values()].toSorted((a, b) => b.startedAt - a.startedAt);
  rows.value = alike([...added, ...kept]);
}

/** Compares all rows of a route with the same figures: those of most traces, because the server learns of more. */
function alike(all: readonly ListRow[]): readonly ListRow[] {
  const figures = new Map<string, Alike>();
  const routeOf = ({ service, method, route }: ListRow): string => JSON.stringify([service, method, route]);
  for (const row of all) {
    const most = figures.get(routeOf(row));
    if (row.alike !== undefined && row.alike.count > (most?.count ?? 0)) figures.set(routeOf(row), row.alike);
  }
  return all.map((row) => {
    const its = figures.get(routeOf(row));
    return its === undefined || its === row.alike ? row : { ...row, alike: its };
  });
}
