// Places of our own in the servers that the benchmark of stores uses.
import { mariadb } from '../../test/services/mariadb.js';
import { postgresql } from '../../test/services/postgresql.js';
import { rabbitmq } from '../../test/services/rabbitmq.js';
import { redis } from '../../test/services/redis.js';
import { type Kind, type Service, provide } from '../../test/services/service.js';

/** A place of our own in a real server, which is removed by its release. */
export interface RealStore {
  readonly name: string;
  readonly connectionString: string;
  release(): Promise<void>;
}

type Env = Readonly<Record<string, string>>;

const sqlUrl = (scheme: string, prefix: string, env: Env): string => {
  const [host, port, user, password, database] = ['HOST', 'PORT', 'USER', 'PASSWORD', 'DATABASE'].map(
    (name) => encodeURIComponent(env[prefix + name] ?? ''),
  );
  return `${scheme}://${user}${password === '' ? '' : `:${password}`}@${host}:${port}/${database}`;
};

const kinds: readonly [kind: Kind, urlOf: (env: Env) => string][] = [
  [redis, (env) => env['REDIS_URL']!],
  [postgresql, (env) => sqlUrl('postgresql', 'PG', env)],
  [mariadb, (env) => sqlUrl('mysql', 'MYSQL_', env)],
  [rabbitmq, (env) => env['AMQP_URL']!],
];

/** The servers that the tests use: servers that answer, or else installed ones. */
export async function provideServers(): Promise<RealStore[]> {
  const stores: RealStore[] = [];
  try {
    for (const [kind, urlOf] of kinds) {
      const service: Service = await provide(kind);
      stores.push({
        name: kind.name,
        connectionString: urlOf(service.env),
        release: () => service.release(),
      });
    }
    return stores;
  } catch (error) {
    await Promise.allSettled(stores.map((store) => store.release()));
    throw error;
  }
}
