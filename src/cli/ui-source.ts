// The store of `ostrace ui`: it is asked for as long as the command runs, whatever happens to it meanwhile.
import type { Config } from '../config/config.js';
import { DriverError, type TraceSummary } from '../drivers/driver.js';
import type { SourcePage, TraceSource } from '../serve/source.js';
import { type Store, openStores } from './readable.js';

/** How long another store is read in place of one that failed, before that is tried again. */
const fallbackMs = 30_000;
/** A whole list is asked for again after this time, and for a tenth of the time only. */
const wholeListMs = 900;
const restingTimes = 10;

/**
 * Opens the store that is shown.
 *
 * @param warn reports a store that cannot be read, if there is another one
 */
export function openSource(
  config: Config,
  warn: (line: string) => void,
): TraceSource & { close(): Promise<void> } {
  let fellBackAt: number | undefined;
  let asking = 0;
  const open = (): Store =>
    openStores(config, (line) => {
      fellBackAt = Date.now();
      warn(line);
    });
  let store = open();
  const wholeList = listOf(() => store.list());

  async function ask<Result>(question: (store: Store) => Promise<Result>): Promise<Result> {
    if (asking === 0 && fellBackAt !== undefined && Date.now() - fellBackAt > fallbackMs) {
      fellBackAt = undefined;
      // A request that comes meanwhile must not get a store that closes.
      const old = store;
      store = open();
      await old.close();
    }
    asking++;
    try {
      return await question(store);
    } finally {
      asking--;
    }
  }

  return {
    name: () => store.name(),
    canList: () => store.canList(),
    page: (count, after) =>
      ask(async (own) => {
        const page = await own.page(count, after);
        return page === undefined ? wholeList(count, after) : { ...page, isWhole: false };
      }),
    read: (base_id) => ask((own) => own.read(base_id)),
    close: () => store.close(),
  };
}

/** Gives pages of a list that a store can give only as a whole. */
function listOf(
  list: () => Promise<readonly TraceSummary[]>,
): (count: number, after: string | undefined) => Promise<SourcePage> {
  let known: readonly TraceSummary[] = [];
  let isDueAt = -Infinity;
  let listing: Promise<void> | undefined;

  async function refresh(): Promise<void> {
    const startedAt = performance.now();
    known = await list();
    const now = performance.now();
    isDueAt = now + Math.max(wholeListMs, (now - startedAt) * restingTimes);
  }

  return async (count, after) => {
    if (performance.now() >= isDueAt) await (listing ??= refresh().finally(() => (listing = undefined)));
    const before = after === undefined ? -1 : known.findIndex(({ base_id }) => base_id === after);
    if (after !== undefined && before === -1)
      throw new DriverError('this page of the list does not exist any more');
    const traces = known.slice(before + 1, before + 1 + count);
    const isLast = before + 1 + count >= known.length;
    return {
      traces,
      total: known.length,
      next: isLast ? undefined : traces.at(-1)!.base_id,
      isWhole: true,
    };
  };
}
