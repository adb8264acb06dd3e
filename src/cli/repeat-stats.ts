// Adds the traces of repeated requests up, for `ostrace request --repeat N --stats`.
import type { Config } from '../config/config.js';
import { type Stats, StatsOf } from '../report/stats.js';
import { buildTree } from '../report/tree.js';
import { count } from '../trace/count.js';
import { CommandError, type Shell } from './command.js';
import { withStores } from './readable.js';
import { isComplete, settled } from './settled.js';

const readAtOnce = 8;

/**
 * Adds traces up that were just made, each as soon as it is complete, or the part that exists when the time is up.
 *
 * @param made the ids of the traces, in the order in which they were made; at least one
 * @param hint what to check if nothing of the traces arrives
 * @throws CommandError if nothing of any trace arrives
 */
export async function statsOfNew(
  shell: Shell,
  {
    config,
    made,
    waitMs,
    hint,
  }: {
    readonly config: Config;
    readonly made: readonly string[];
    readonly waitMs: number;
    readonly hint: string;
  },
): Promise<Stats> {
  const stats = new StatsOf();
  let missing = 0;
  let unfinished = 0;
  const progress = shell.progress('reading traces');
  await withStores(config, shell.warn, async (store) => {
    const deadline = performance.now() + waitMs;
    const left = (): number => Math.max(0, deadline - performance.now());
    // When the last one has been quiet for a while, so have been the others.
    await settled(store, made.at(-1)!, waitMs);
    const read = async (base_id: string): Promise<void> => {
      const first = (await store.read(base_id))?.events ?? [];
      const events =
        first.length > 0 && isComplete(buildTree(first))
          ? first
          : ((await settled(store, base_id, left())).stored?.events ?? []);
      if (events.length === 0) {
        missing++;
        return;
      }
      const tree = buildTree(events);
      if (!isComplete(tree)) unfinished++;
      stats.add(tree);
    };
    for (let i = 0; i < made.length; i += readAtOnce) {
      progress.at(i, made.length);
      await Promise.all(made.slice(i, i + readAtOnce).map(read));
    }
    if (missing === made.length) {
      throw new CommandError(
        `no event of the ${count(made.length, 'trace')} arrived in ${store.name()} within ${waitMs / 1000} s; ${hint}`,
      );
    }
  }).finally(() => progress.end());
  const late = `within ${waitMs / 1000} s; --wait waits longer`;
  if (missing > 0) shell.warn(`nothing of ${count(missing, 'trace')} arrived ${late}`);
  if (unfinished > 0) shell.warn(`${count(unfinished, 'trace')} did not become complete ${late}`);
  return stats.result();
}
