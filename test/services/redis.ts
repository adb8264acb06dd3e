import { createClient } from '@redis/client';

import { findPrograms } from './scratch.js';
import type { Kind, Server } from './service.js';

/** The mark of the database that the tests have taken. */
const claim = 'ostrace_test';

export const redis: Kind = {
  name: 'Redis',
  variables: ['REDIS_URL'],
  debianPackage: 'redis-server',
  accounts: ['redis', 'nobody'],

  existing() {
    const named = process.env['REDIS_URL'] || undefined;
    return { isNamed: named !== undefined, servers: [serverAt(named ?? 'redis://127.0.0.1:6379')] };
  },

  own: (port) => serverAt(`redis://127.0.0.1:${port}`),

  programs: () => findPrograms(['redis-server']),

  async start(scratch, [program = ''], isUp) {
    const settings = { bind: '127.0.0.1', port: String(scratch.port), save: '', appendonly: 'no' };
    const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
    await scratch.start(program, args, 'SIGTERM', isUp);
  },
};

type Client = ReturnType<typeof newClient>;

function newClient(url: string) {
  const client = createClient({ url, socket: { connectTimeout: 5000, reconnectStrategy: false } });
  // A connection that breaks shows in the command that needs it.
  client.on('error', () => {});
  return client;
}

/** Uses a server for as long as `body` runs. */
export async function withRedis<Result>(
  url: string,
  body: (client: Client) => Promise<Result>,
): Promise<Result> {
  const client = newClient(url);
  await client.connect();
  try {
    return await body(client);
  } finally {
    client.destroy();
  }
}

/** A server whose places are databases: numbers, of which an empty one is taken, and emptied afterwards. */
function serverAt(given: string): Server {
  const { host } = new URL(given);
  const urlOf = (database: number): string =>
    Object.assign(new URL(given), { pathname: `/${database}` }).href;
  return {
    label: host,
    async reach() {
      await withRedis(given, (client) => client.ping());
    },
    async createPlace(name) {
      // The last first: people use the first.
      for (let database = 15; database > 0; database--) {
        const url = urlOf(database);
        const isOurs = await withRedis(url, async (client) => {
          if ((await client.set(claim, name, { condition: 'NX' })) === null) return false;
          if ((await client.dbSize()) === 1) return true;
          await client.del(claim);
          return false;
        });
        if (!isOurs) continue;
        return {
          label: `database ${database}`,
          env: { REDIS_URL: url },
          async remove() {
            await withRedis(url, (client) => client.flushDb());
          },
        };
      }
      throw new Error(`none of the databases 1 to 15 of Redis at ${host} is empty; flush one`);
    },
  };
}
