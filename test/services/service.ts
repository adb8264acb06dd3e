import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';

import { createScratch, findPrograms, type Scratch } from './scratch.js';

export interface Address {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
}

export interface Connection {
  query(sql: string): Promise<unknown>;
  end(): Promise<void>;
}

/** What the tests need to know about one kind of database server. */
export interface Kind {
  readonly name: string;
  /** Of the environment variables that name a server: `PG` for PGHOST, PGPORT, … */
  readonly prefix: string;
  readonly usualPort: number;
  /** Whom the server may let in without a password; the first is the administrator of our own. */
  readonly users: readonly [string, ...string[]];
  readonly debianPackage: string;
  /** The system's users that may run the server when root must not. */
  readonly accounts: readonly string[];
  connect(address: Address): Promise<Connection>;
  /** Undefined when the programs are not installed. */
  programs(): readonly string[] | undefined;
  start(scratch: Scratch, programs: readonly string[], isUp: () => Promise<void>): Promise<void>;
  dropDatabase(name: string): string;
}

/** A database of the tests' own, on a server that was there or is ours. */
export interface Service {
  /** The address for the tests, as environment variables. */
  readonly env: Readonly<Record<string, string>>;
  release(): Promise<void>;
}

interface Server {
  readonly address: Address;
  /** Only for a server of our own. */
  stop?(): Promise<void>;
}

/**
 * A server that answers is used; else an installed one is started; else it is installed first, where
 * that is possible. TEST_OWN_SERVERS=1 leaves out the first of these.
 */
export async function provide(kind: Kind): Promise<Service> {
  const server =
    process.env['TEST_OWN_SERVERS'] === '1'
      ? await startOwn(kind)
      : ((await findAnswering(kind)) ?? (await startOwn(kind)));
  const { address } = server;
  const database = `ostrace_test_${randomBytes(6).toString('hex')}`;
  try {
    await execute(kind, address, `create database ${database}`);
  } catch (error) {
    await server.stop?.();
    throw error;
  }
  say(
    `${kind.name} at ${address.host}:${address.port}${server.stop ? ' (our own)' : ''}, database ${database}`,
  );
  return {
    env: {
      [`${kind.prefix}HOST`]: address.host,
      [`${kind.prefix}PORT`]: String(address.port),
      [`${kind.prefix}USER`]: address.user,
      [`${kind.prefix}PASSWORD`]: address.password,
      [`${kind.prefix}DATABASE`]: database,
    },
    release: server.stop ?? (() => execute(kind, address, kind.dropDatabase(database))),
  };
}

async function findAnswering(kind: Kind): Promise<Server | undefined> {
  const setting = (name: string): string | undefined => process.env[kind.prefix + name] || undefined;
  const isNamed = setting('HOST') !== undefined || setting('PORT') !== undefined;
  const host = setting('HOST') ?? '127.0.0.1';
  const port = Number(setting('PORT') ?? kind.usualPort);
  const given = setting('USER');
  const refusals: string[] = [];
  for (const user of given === undefined ? kind.users : [given]) {
    const address = { host, port, user, password: setting('PASSWORD') ?? '' };
    try {
      await execute(kind, address, 'select 1');
      return { address };
    } catch (error) {
      refusals.push(`as ${user}: ${messageOf(error)}`);
    }
  }
  const why = `${host}:${port} cannot be used (${refusals.join('; ')})`;
  if (isNamed)
    throw new Error(`${kind.prefix}HOST and ${kind.prefix}PORT name a server for ${kind.name}, but ${why}`);
  say(`no ${kind.name} to use: ${why}`);
  return undefined;
}

async function startOwn(kind: Kind): Promise<Server> {
  const programs = kind.programs() ?? (await install(kind));
  const scratch = await createScratch(kind.accounts);
  const address = { host: '127.0.0.1', port: scratch.port, user: kind.users[0], password: '' };
  try {
    await kind.start(scratch, programs, () => execute(kind, address, 'select 1'));
  } catch (error) {
    await scratch.remove();
    throw error;
  }
  return { address, stop: () => scratch.remove() };
}

async function install(kind: Kind): Promise<readonly string[]> {
  if (process.getuid?.() === 0 && findPrograms(['apt-get']) !== undefined) {
    say(`${kind.name} is not installed: installing Debian's package ${kind.debianPackage}, which stays`);
    await aptGet('update');
    // Nothing that is there may go to make room for it: another MySQL, say.
    await aptGet('install', '--yes', '--no-install-recommends', '--no-remove', kind.debianPackage);
  }
  const programs = kind.programs();
  if (programs !== undefined) return programs;
  throw new Error(
    `the tests need ${kind.name}, and it is not installed: install it (Debian: apt-get install ${kind.debianPackage}), ` +
      `or name a server that answers by ${['HOST', 'PORT', 'USER', 'PASSWORD'].map((name) => kind.prefix + name).join(', ')}`,
  );
}

/** A failure shows by itself on stderr, and then by the program that is still not there. */
async function aptGet(...args: readonly string[]): Promise<void> {
  say(`apt-get ${args.join(' ')}`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  await once(spawn('apt-get', args, { env, stdio: ['ignore', 2, 2] }), 'exit');
}

async function execute(kind: Kind, address: Address, sql: string): Promise<void> {
  const connection = await kind.connect(address);
  try {
    await connection.query(sql);
  } finally {
    await connection.end();
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message || error.name : String(error);
}

export function say(line: string): void {
  process.stderr.write(`tests: ${line}\n`);
}
