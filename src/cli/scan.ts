// Reads the newest traces of a store, one after the other: for `trace list` and `trace stats`.
import type { TraceSummary } from '../drivers/driver.js';
import { type Tree, buildTree } from '../report/tree.js';
import type { Shell } from './command.js';
import type { Store } from './readable.js';

/** How many traces are examined if nothing else is said. */
export const defaultScan = 1000;

const readAtOnce = 8;

/** The traces of a store, newest first, as far as they have to be known. */
export interface Known {
  readonly traces: readonly TraceSummary[];
  /** How many there are; undefined if that is not known. */
  readonly total: number | undefined;
}

/** Lists the newest traces of a store, or those of its list of failed ones. */
export async function summariesIn(
  store: Store,
  { isOfErrors, most }: { readonly isOfErrors: boolean; readonly most: number },
): Promise<Known> {
  if (!isOfErrors && most !== Infinity) return store.newest(most);
  const traces = await (isOfErrors ? store.listErrors() : store.list());
  return { traces, total: traces.length };
}

/**
 * Reads traces in their order, some at once, and shows on a terminal how many have been read. No more of them are in
 * memory than are read at once.
 *
 * @returns the tree of each; undefined for a trace of which the store gives no event: it was removed meanwhile, or
 *   torn by a crash
 */
export async function* readTrees(
  shell: Shell,
  store: Store,
  traces: readonly TraceSummary[],
): AsyncGenerator<{ readonly trace: TraceSummary; readonly tree: Tree | undefined }> {
  const progress = shell.progress('reading traces');
  try {
    for (let i = 0; i < traces.length; i += readAtOnce) {
      progress.at(i, traces.length);
      const some = traces.slice(i, i + readAtOnce);
      const stored = await Promise.all(some.map(({ base_id }) => store.read(base_id)));
      for (const [j, trace] of some.entries()) {
        const events = stored[j]?.events ?? [];
        yield { trace, tree: events.length === 0 ? undefined : buildTree(events) };
      }
    }
  } finally {
    progress.end();
  }
}
