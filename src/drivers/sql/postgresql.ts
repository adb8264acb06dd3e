// PostgreSQL: its connection strings, its connections and its dialect.
import type { EventEmitter } from 'node:events';
import { Socket } from 'node:net';

import type { Client } from 'pg';

import { loadClient } from '../load-peer.js';
import { masked } from '../connection-string.js';
import { decoded } from '../decoded.js';
import type { Driver, DriverSettings } from '../driver.js';
import { Intake } from '../intake.js';
import type { Dialect, Failure, Session } from './dialect.js';
import { createSqlDriver } from './driver.js';
import { indexed } from './rows.js';

type Library = typeof import('pg');

const connectLimitMs = 5000;

// One request, and so one transaction.
const table = [
  `create table if not exists data (
     id serial not null, timestamp varchar(26), base_id varchar(255), parent_id varchar(255),
     trace_id varchar(255), project varchar(255), host varchar(255), service varchar(255),
     name varchar(255), data json, primary key (id))`,
  ...indexed.map((column) => `create index if not exists ix_data_${column} on data (${column})`),
].join(';');

/**
 * Opens a PostgreSQL database with OSProfiler's table.
 *
 * @param connectionString `postgresql://[user[:password]@][host][:port][/database]` with libpq's parameters;
 *   `postgres://` and SQLAlchemy's `postgresql+psycopg2://` are the same
 */
export function openPostgresqlDriver(connectionString: string, settings: DriverSettings): Driver {
  const url = asLibpqReads(connectionString.replace(/^postgres(ql)?(\+[^:]*)?:/i, 'postgresql:'));
  const dialect: Dialect = {
    label: `PostgreSQL at ${placeOf(url)}`,
    table,
    textType: 'text',
    placeholder: (n) => `$${n}`,
    connect: () => connect(url),
    failureOf,
  };
  return createSqlDriver(dialect, settings);
}

/** pg takes `sslmode` for something else than libpq, and so psycopg2, unless it is asked not to. */
function asLibpqReads(url: string): string {
  if (!/[?&]sslmode=/.test(url) || url.includes('uselibpqcompat=')) return url;
  return `${url}&uselibpqcompat=true`;
}

async function connect(connectionString: string): Promise<Session> {
  const { Client } = loadClient<Library>('pg', 'postgresql');
  // An own one, because pg's client can't be ended at once.
  const socket = new Socket();
  const intake = new Intake();
  intake.watch(socket);
  const client = new Client({
    connectionString,
    connectionTimeoutMillis: connectLimitMs,
    application_name: 'ostrace',
    keepAlive: true,
    // Versions before 8.7 take no function.
    stream: socket as unknown as () => Socket,
  });
  const database = databaseIn(connectionString);
  // pg leaves `%2F` and its like as they are.
  if (database !== undefined) Object.assign(parametersOf(client), { database });
  const { connection } = client as unknown as { readonly connection: EventEmitter & { stream: Socket } };
  // From then on another one has what was encrypted.
  connection.once('sslconnect', () => intake.watch(connection.stream));
  // A connection that breaks shows in the statement that needs it.
  client.on('error', () => {});
  try {
    await client.connect();
  } catch (error) {
    socket.destroy();
    throw error;
  }
  // pg 9 keeps no queue of its own, and pg 8 warns of that.
  let last: Promise<unknown> = Promise.resolve();
  return {
    expect: (bytes) => intake.begin(bytes),
    async run(statement, values) {
      const query = (): Promise<{ readonly rows?: readonly unknown[] }> =>
        client.query(statement, values.length > 0 ? [...values] : undefined);
      const result = last.then(query);
      last = result.catch(() => {});
      return (await result).rows ?? [];
    },
    isOver: () => socket.destroyed || socket.readableEnded,
    end() {
      client.end().catch(() => {});
      socket.destroySoon();
    },
    destroy: () => void socket.destroy(),
  };
}

/** The database that a URL names, where its name is percent-encoded. */
function databaseIn(url: string): string | undefined {
  const [, path = ''] = /^[^:]*:\/\/[^/?#]*\/([^?#]*)/.exec(url) ?? [];
  return path.includes('%') ? decoded(path) : undefined;
}

/** What a client asks for as it connects: the same in all versions of pg 8. */
function parametersOf(client: Client): object {
  return (client as unknown as { readonly connectionParameters: object }).connectionParameters;
}

/** By the classes of SQLSTATE: https://www.postgresql.org/docs/current/errcodes-appendix.html */
function failureOf(error: unknown): Failure {
  const { code = '', severity } = error as { code?: string; severity?: string };
  // Only the server's own errors have it.
  if (severity === undefined || /^(08|57P)/.test(code)) return 'broken';
  if (code === '42P01') return 'no table';
  // Data exceptions, violated constraints, and what is too large for a limit of the server.
  return /^(22|23|54)/.test(code) ? 'bad value' : 'refused';
}

/** Masked first: a password may hold a "/" that was to be percent-encoded. */
function placeOf(url: string): string {
  const [, host = '', path = ''] = /^[^:]*:\/\/(?:[^/?#]*@)?([^/?#@]*)(\/[^?#]*)?/.exec(masked(url)) ?? [];
  return `${host || 'localhost'}${path}`;
}
