// MySQL and MariaDB: their connection strings, their connections and their dialect.
import type { Socket } from 'node:net';

import { loadClient } from '../load-peer.js';
import { decoded } from '../decoded.js';
import { type Driver, DriverError, type DriverSettings } from '../driver.js';
import { Intake } from '../intake.js';
import type { Dialect, Failure, Session } from './dialect.js';
import { createSqlDriver } from './driver.js';
import { indexed } from './rows.js';
import { tlsFiles } from '../tls-files.js';

type Library = typeof import('mysql2');
type Options = import('mysql2').ConnectionOptions;

const connectLimitMs = 5000;
// The inserts of batches of different sizes are different statements, and the server keeps what is prepared.
const preparedStatements = 16;

const table = `create table if not exists data (
  id integer not null auto_increment, timestamp varchar(26), base_id varchar(255), parent_id varchar(255),
  trace_id varchar(255), project varchar(255), host varchar(255), service varchar(255), name varchar(255),
  data json, primary key (id), ${indexed.map((column) => `key ix_data_${column} (${column})`).join(', ')})`;

/**
 * Opens a database of MySQL or MariaDB with OSProfiler's table.
 *
 * @param connectionString `mysql://user:password@host[:port]/database`; `mariadb://` and SQLAlchemy's
 *   `mysql+pymysql://` are the same. Parameters, as pymysql has them: `ssl_ca`, `ssl_cert`, `ssl_key`,
 *   `ssl_verify_cert`, `unix_socket`; `ssl=true` encrypts without any of these
 */
export function openMysqlDriver(connectionString: string, settings: DriverSettings): Driver {
  const options = parse(connectionString);
  const dialect: Dialect = {
    label: `MySQL at ${options.socketPath ?? `${options.host}:${options.port}`}/${shown(options.database ?? '')}`,
    table,
    textType: 'char',
    placeholder: () => '?',
    connect: () => connect(options),
    failureOf,
  };
  return createSqlDriver(dialect, settings);
}

function parse(connectionString: string): Options {
  let url: URL;
  try {
    url = new URL(withHost(connectionString.replace(/^[^:]*:/, 'mysql:')));
    const database = part(url.pathname.slice(1));
    if (database === '') throw new Error('it names no database');
    const socketPath = url.searchParams.get('unix_socket');
    return {
      host: url.hostname.replace(/^\[|\]$/g, '') || '127.0.0.1',
      port: Number(url.port || 3306),
      user: part(url.username),
      password: part(url.password),
      database,
      connectTimeout: connectLimitMs,
      maxPreparedStatements: preparedStatements,
      ...(socketPath !== null && { socketPath }),
      ...tlsOptions(url.searchParams),
    };
  } catch (error) {
    if (error instanceof DriverError) throw error;
    // The error of URL has all of it, and so the password; its message has not.
    const { message } = error as Error;
    throw new DriverError(
      `the connection string for MySQL cannot be used: ${message}; expected mysql://user:password@host:3306/database`,
      { isCertain: true },
    );
  }
}

function part(text: string): string {
  return decoded(text, () => new Error('a % in it starts no percent-encoding; write %25 for it'));
}

/** A user may stand before no host, as SQLAlchemy has it where a socket is named; a URL wants one behind it. */
function withHost(url: string): string {
  return url.replace(/^(mysql:\/\/[^/?#]*@)(?=[:/?#]|$)/, '$1127.0.0.1');
}

/** A database's name, or the first word of settings that somebody has written in its place, as in `db;password=…`. */
function shown(database: string): string {
  const [name = ''] = database.split(/[;=]/, 1);
  return name === database ? name : `${name}***`;
}

function tlsOptions(parameters: URLSearchParams): Pick<Options, 'ssl'> {
  const isWanted = [...parameters].some(([name, value]) => name.startsWith('ssl') && value !== 'false');
  if (!isWanted) return {};
  return {
    ssl: {
      rejectUnauthorized: parameters.get('ssl_verify_cert') !== 'false',
      ...tlsFiles(parameters, { ca: ['ssl_ca'], cert: ['ssl_cert'], key: ['ssl_key'] }),
    },
  };
}

async function connect(options: Options): Promise<Session> {
  const { createConnection } = loadClient<Library>('mysql2', 'mysql');
  const connection = createConnection(options);
  const intake = new Intake();
  const sockets = connection as unknown as { readonly stream: Socket };
  const plain = sockets.stream;
  intake.watch(plain);
  let isOver = false;
  // Also without a statement that it fails.
  connection.on('error', () => (isOver = true));
  connection.on('end', () => (isOver = true));
  const promised = connection.promise();
  try {
    await promised.connect();
    // With TLS another one has what was encrypted.
    if (sockets.stream !== plain) intake.watch(sockets.stream);
  } catch (error) {
    connection.destroy();
    throw error;
  }
  return {
    expect: (bytes) => intake.begin(bytes),
    async run(statement, values) {
      // Without values also what can't be prepared.
      const [rows] = await (values.length > 0
        ? promised.execute(statement, [...values])
        : promised.query(statement));
      return Array.isArray(rows) ? rows : [];
    },
    isOver: () => isOver,
    end() {
      connection.end(() => {});
      // Not to wait for a server that does not answer.
      setTimeout(() => connection.destroy(), 1000).unref();
    },
    destroy: () => connection.destroy(),
  };
}

// https://mariadb.com/docs/server/reference/error-codes/mariadb-error-code-reference
const badValues: ReadonlySet<number> = new Set([
  1153, // a packet bigger than max_allowed_packet
  1366, // a character that the column's character set has not
  3140, // text that is no JSON
  4025, // the same, by MariaDB's constraint
]);
const noSuchTable = 1146;

function failureOf(error: unknown): Failure {
  const { errno = 0, sqlState, fatal } = error as { errno?: number; sqlState?: string; fatal?: boolean };
  if (errno === noSuchTable) return 'no table';
  if (badValues.has(errno) || sqlState?.startsWith('22') === true) return 'bad value';
  // Only the server's own errors have a state; that of a connection is 08.
  return sqlState === undefined || fatal === true || sqlState.startsWith('08') ? 'broken' : 'refused';
}
