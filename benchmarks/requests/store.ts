// The store of the traced application: a Redis, as in production.
import { withRedis } from '../../test/services/redis.js';

/** The Redis that receives the traced application's events, and keeps a batch until it is counted. */
export interface Store {
  readonly connectionString: string;
  /** The number of events of these traces. */
  count(ids: readonly string[]): Promise<number>;
  discard(ids: readonly string[]): Promise<void>;
  /** Whether there is anything that was not discarded. */
  isEmpty(): Promise<boolean>;
}

const keyOf = (id: string): string => `osprofiler_opt:${id}`;

export function redisStore(connectionString: string): Store {
  return {
    connectionString,
    count: (ids) =>
      withRedis(connectionString, async (client) => {
        const lengths = await Promise.all(ids.map((id) => client.lLen(keyOf(id))));
        return lengths.reduce((sum, length) => sum + length, 0);
      }),
    discard: (ids) =>
      withRedis(connectionString, async (client) => {
        if (ids.length > 0) await client.del(ids.map(keyOf));
      }),
    // The tests' services leave a key by which they know that the database is taken.
    isEmpty: () => withRedis(connectionString, async (client) => (await client.dbSize()) <= 1),
  };
}
