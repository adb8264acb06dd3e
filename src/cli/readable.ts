// Reads traces for the commands, from the first of several stores that can be read.
import { type Config, driverSettings } from '../config/config.js';
import {
  type Driver,
  DriverError,
  type Newest,
  type Page,
  type StoredTrace,
  type TraceSummary,
} from '../drivers/driver.js';
import { canList, canRead, masked, openDriver, splitConnections } from '../drivers/index.js';

/** The store that commands read: the first of several that can be read. */
export interface Store {
  list(): Promise<readonly TraceSummary[]>;
  listErrors(): Promise<readonly TraceSummary[]>;
  /** The newest traces; `total` is the number of all traces, if it is known. */
  newest(count: number): Promise<Newest>;
  /** A page of all traces, as a driver gives it; undefined if this store has to be listed as a whole. */
  page(count: number, after: string | undefined): Promise<Page | undefined>;
  /** The traces whose ids begin with these hexadecimal digits, in lower case and without dashes. */
  find(digits: string): Promise<readonly TraceSummary[]>;
  /** Undefined if no store holds anything of that trace. */
  read(base_id: string): Promise<StoredTrace | undefined>;
  /** Whether any of the stores can list traces. */
  canList(): boolean;
  /** The name of the store that is read now, as it may be shown. */
  name(): string;
  close(): Promise<void>;
}

interface Candidate {
  readonly connection: string;
  driver?: Driver;
}

/**
 * Opens the stores of a configuration for reading. A store that cannot be read is reported once, and then skipped.
 *
 * @param warn reports a store that cannot be read, if there is another one
 */
export function openStores(config: Config, warn: (line: string) => void): Store {
  const all = splitConnections(config.connectionString);
  const readable = all.filter(canRead);
  let left: readonly Candidate[] = (readable.length > 0 ? readable : all).map((connection) => ({
    connection,
  }));
  const opened: Driver[] = [];
  const settings = driverSettings(config);

  function driverOf(candidate: Candidate): Driver {
    if (candidate.driver !== undefined) return candidate.driver;
    const driver = openDriver(candidate.connection, settings);
    opened.push(driver);
    return (candidate.driver = driver);
  }

  /**
   * Asks one store after the other until one has an answer.
   *
   * @param isAsked which stores are worth asking
   */
  async function ask<Result>(
    question: (driver: Driver) => Promise<Result>,
    isAsked: (candidate: Candidate) => boolean = () => true,
  ): Promise<Result | undefined> {
    const wanted = left.filter(isAsked);
    const asked = wanted.length > 0 ? wanted : left;
    for (const [i, candidate] of asked.entries()) {
      try {
        const answer = await question(driverOf(candidate));
        if (answer === undefined) continue;
        // The store that has listed traces is the one to read them from: a queue is slow, and may hold others.
        left = [candidate, ...left.filter((each) => each !== candidate)];
        return answer;
      } catch (error) {
        const next = asked[i + 1];
        if (!(error instanceof DriverError) || next === undefined) throw error;
        warn(`${error.message}; reading ${masked(next.connection)} instead`);
        left = left.filter((each) => each !== candidate);
      }
    }
    return undefined;
  }

  const isListable = ({ connection }: Candidate): boolean => canList(connection);
  const list = async (): Promise<readonly TraceSummary[]> =>
    (await ask((driver) => driver.list(), isListable))!;

  return {
    list,
    listErrors: async () => (await ask((driver) => driver.listErrors(), isListable))!,
    newest: async (count) =>
      (await ask(async (driver) => {
        if (driver.newest !== undefined) return driver.newest(count);
        const traces = await driver.list();
        return { traces: traces.slice(0, count), total: traces.length };
      }, isListable))!,
    page: async (count, after) =>
      (await ask(async (driver) => ({ page: await driver.page?.(count, after) }), isListable))!.page,
    find: async (digits) => {
      const some = await ask(async (driver) => driver.find?.(dashed(digits)) ?? [], isListable);
      // Another writer may have written ids in another form.
      return some!.length > 0
        ? some!
        : (await list()).filter(({ base_id }) => bare(base_id).startsWith(digits));
    },
    read: (base_id) => ask((driver) => driver.read(base_id)),
    canList: () => left.some(isListable),
    name: () => masked(left[0]!.connection),
    async close() {
      for (const driver of opened) await driver.close();
    },
  };
}

/** The form in which ids are compared. */
export function bare(id: string): string {
  return id.replaceAll('-', '').toLowerCase();
}

/** The beginning of a UUID as it is written. */
function dashed(digits: string): string {
  const groups = [digits.slice(0, 8), ...[8, 12, 16].map((at) => digits.slice(at, at + 4)), digits.slice(20)];
  return groups.filter((group) => group !== '').join('-');
}

/** Uses the stores of a configuration, and closes them. */
export async function withStores<Result>(
  config: Config,
  warn: (line: string) => void,
  use: (store: Store) => Promise<Result>,
): Promise<Result> {
  const store = openStores(config, warn);
  try {
    return await use(store);
  } finally {
    await store.close();
  }
}
