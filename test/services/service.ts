import { randomBytes } from 'node:crypto';

import { installPackages } from './debian.js';
import { messageOf, say } from './say.js';
import { createScratch, type Scratch } from './scratch.js';

/** What the tests need to know about one kind of server. */
export interface Kind {
  readonly name: string;
  /** The environment variables that name a server. */
  readonly variables: readonly string[];
  readonly debianPackage: string;
  /** The system's users that may run the server when root must not. */
  readonly accounts: readonly string[];
  /** The servers that may be there, in the order to try; `isNamed` where the environment says so. */
  existing(): { readonly isNamed: boolean; readonly servers: readonly Server[] };
  /** The server that `start` has started. */
  own(port: number): Server;
  /** Undefined when the programs are not installed. */
  programs(): readonly string[] | undefined;
  start(scratch: Scratch, programs: readonly string[], isUp: () => Promise<void>): Promise<void>;
}

/** A server that is there, or may be. */
export interface Server {
  /** For people: host, port, and the user where one is given; no password. */
  readonly label: string;
  /** Rejects where it can't be used. */
  reach(): Promise<void>;
  /** Makes a place of the tests' own on it. */
  createPlace(name: string): Promise<Place>;
}

/** A database or the like. */
export interface Place {
  readonly label: string;
  /** Where it is, as environment variables. */
  readonly env: Readonly<Record<string, string>>;
  remove(): Promise<void>;
}

/** A place of the tests' own, on a server that was there or is ours. */
export interface Service {
  readonly env: Readonly<Record<string, string>>;
  release(): Promise<void>;
}

/**
 * A server that answers is used; else an installed one is started; else it is installed first, where
 * that is possible. TEST_OWN_SERVERS=1 leaves out the first of these.
 */
export async function provide(kind: Kind): Promise<Service> {
  const found = process.env['TEST_OWN_SERVERS'] === '1' ? undefined : await findAnswering(kind);
  if (found === undefined) return startOwn(kind);
  const place = await found.createPlace(newName());
  say(`${kind.name} at ${found.label}, ${place.label}`);
  return { env: place.env, release: () => place.remove() };
}

/** Starts a server that is ours alone, and goes away with its release. */
async function startOwn(kind: Kind): Promise<Service> {
  const programs = kind.programs() ?? (await install(kind));
  const scratch = await createScratch(kind.accounts);
  const server = kind.own(scratch.port);
  try {
    await kind.start(scratch, programs, () => server.reach());
    const place = await server.createPlace(newName());
    say(`${kind.name} at ${server.label} (our own), ${place.label}`);
    return { env: place.env, release: () => scratch.remove() };
  } catch (error) {
    await scratch.remove();
    throw error;
  }
}

function newName(): string {
  return `ostrace_test_${randomBytes(6).toString('hex')}`;
}

async function findAnswering(kind: Kind): Promise<Server | undefined> {
  const { isNamed, servers } = kind.existing();
  const refusals: string[] = [];
  for (const server of servers) {
    try {
      await server.reach();
      return server;
    } catch (error) {
      refusals.push(`${server.label} cannot be used: ${messageOf(error)}`);
    }
  }
  const why = refusals.join('; ');
  if (isNamed)
    throw new Error(`a server for ${kind.name} is named by ${kind.variables.join(', ')}, but ${why}`);
  say(`no ${kind.name} to use: ${why}`);
  return undefined;
}

async function install(kind: Kind): Promise<readonly string[]> {
  await installPackages(kind.name, [kind.debianPackage]);
  const programs = kind.programs();
  if (programs !== undefined) return programs;
  throw new Error(
    `the tests need ${kind.name}, and it is not installed: install it (Debian: apt-get install ${kind.debianPackage}), ` +
      `or name a server that answers by ${kind.variables.join(', ')}`,
  );
}
