// The store of the traced application: a Redis, as in production.
import { isOfNote } from '../../src/report/about.js';
import type { Event } from '../../src/trace/event.js';
import { withRedis } from '../../test/services/redis.js';

/** The Redis that receives the traced application's events, and keeps a batch until it is counted. */
export interface Store {
  readonly connectionString: string;
  /**
   * The number of events of these traces. Once there are enough, it is without those that are no work: garbage is
   * collected in one trace or another, as it falls due.
   *
   * @param enough how many events of work there must be
   */
  count(ids: readonly string[], enough: number): Promise<number>;
  discard(ids: readonly string[]): Promise<void>;
  /** Whether there is anything that was not discarded. */
  isEmpty(): Promise<boolean>;
}

const keyOf = (id: string): string => `osprofiler_opt:${id}`;

export function redisStore(connectionString: string): Store {
  return {
    connectionString,
    count: (ids, enough) =>
      withRedis(connectionString, async (client) => {
        const lengths = await Promise.all(ids.map((id) => client.lLen(keyOf(id))));
        const all = lengths.reduce((sum, length) => sum + length, 0);
        if (all < enough) return all;
        const traces = await Promise.all(ids.map((id) => client.lRange(keyOf(id), 0, -1)));
        const isWork = (line: string): boolean => !isOfNote((JSON.parse(line) as Event).name);
        return traces.flat().filter(isWork).length;
      }),
    discard: (ids) =>
      withRedis(connectionString, async (client) => {
        if (ids.length > 0) await client.del(ids.map(keyOf));
      }),
    // The tests' services leave a key by which they know that the database is taken.
    isEmpty: () => withRedis(connectionString, async (client) => (await client.dbSize()) <= 1),
  };
}
