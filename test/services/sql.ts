import type { Kind, Server } from './service.js';

export interface Address {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
}

interface Connection {
  query(sql: string): Promise<unknown>;
  end(): Promise<void>;
}

/** What the tests need to know about one kind of SQL server. */
export interface SqlKind extends Pick<Kind, 'name' | 'debianPackage' | 'accounts' | 'programs' | 'start'> {
  /** How the environment variables begin that name a server: `PG` for PGHOST, PGPORT, … */
  readonly prefix: string;
  readonly usualPort: number;
  /** Whom the server may let in without a password; the first is the administrator of our own. */
  readonly users: readonly [string, ...string[]];
  connect(address: Address): Promise<Connection>;
  dropDatabase(name: string): string;
}

/** A server whose places are databases. */
export function sqlServer(kind: SqlKind): Kind {
  const { name, prefix, debianPackage, accounts } = kind;
  return {
    name,
    variables: ['HOST', 'PORT', 'USER', 'PASSWORD'].map((variable) => prefix + variable),
    debianPackage,
    accounts,
    existing() {
      const setting = (variable: string): string | undefined => process.env[prefix + variable] || undefined;
      const given = setting('USER');
      const servers = (given === undefined ? kind.users : [given]).map((user) =>
        serverAt(kind, {
          host: setting('HOST') ?? '127.0.0.1',
          port: Number(setting('PORT') ?? kind.usualPort),
          user,
          password: setting('PASSWORD') ?? '',
        }),
      );
      return { isNamed: setting('HOST') !== undefined || setting('PORT') !== undefined, servers };
    },
    own: (port) => serverAt(kind, { host: '127.0.0.1', port, user: kind.users[0], password: '' }),
    programs: () => kind.programs(),
    start: (...given) => kind.start(...given),
  };
}

function serverAt(kind: SqlKind, address: Address): Server {
  const { host, port, user, password } = address;
  const execute = async (sql: string): Promise<void> => {
    const connection = await kind.connect(address);
    try {
      await connection.query(sql);
    } finally {
      await connection.end();
    }
  };
  return {
    label: `${user}@${host}:${port}`,
    reach: () => execute('select 1'),
    async createPlace(database) {
      await execute(`create database ${database}`);
      return {
        label: `database ${database}`,
        env: {
          [`${kind.prefix}HOST`]: host,
          [`${kind.prefix}PORT`]: String(port),
          [`${kind.prefix}USER`]: user,
          [`${kind.prefix}PASSWORD`]: password,
          [`${kind.prefix}DATABASE`]: database,
        },
        remove: () => execute(kind.dropDatabase(database)),
      };
    },
  };
}
