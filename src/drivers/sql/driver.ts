// What the drivers of all databases have in common: OSProfiler's table, and what is done about each kind of failure.
import { count } from '../../trace/count.js';
import type { Event } from '../../trace/event.js';
import { isUuid } from '../../trace/ids.js';
import { type Driver, DriverError, type DriverSettings, type Reported, WriteError } from '../driver.js';
import { answerBytes } from '../intake.js';
import type { Dialect, Failure, Session } from './dialect.js';
import { type Row, columns, identity, readRow, rowOf } from './rows.js';
import { newestTraces } from './newest.js';
import { pageOfTraces } from './pages.js';
import { insert, statementsOf, valuesOf } from './statements.js';
import type { Line } from '../line.js';
import { Reconnecting } from '../reconnecting.js';
import { newestFirst } from '../trace-list.js';
import { within } from '../within.js';

const answerLimitMs = 20_000;

/** Makes a driver for a database, with OSProfiler's table `data`. */
export function createSqlDriver(dialect: Dialect, settings: DriverSettings): Driver {
  /** What is asked for now may answer with so many bytes. */
  let expected: number = answerBytes.write;
  const expect = (bytes: number): void => {
    expected = bytes;
    sessions.current?.expect(bytes);
  };
  const sessions = new Reconnecting<Session>({
    async connect() {
      try {
        const made = await dialect.connect();
        made.expect(expected);
        return made;
      } catch (error) {
        if (error instanceof DriverError) throw error;
        throw explained(`${dialect.label} cannot be used`, error, true);
      }
    },
    isOpen: (session) => !session.isOver(),
    destroy: (session) => session.destroy(),
  });

  /** @throws Refusal where the database answers with an error, DriverError where it does not answer */
  const run = async (
    statement: string,
    values: readonly (string | null)[] = [],
  ): Promise<readonly unknown[]> => {
    const session = await sessions.get();
    try {
      return await within(answerLimitMs, session.run(statement, values), () => new Error('no answer'));
    } catch (error) {
      const failure = dialect.failureOf(error);
      if (failure !== 'broken') throw new Refusal(failure, error);
      sessions.drop()?.destroy();
      throw explained(`the connection to ${dialect.label} broke`, error, false);
    }
  };

  /** As `run`, but where the table is not there yet it is made first, or nothing is found. */
  const runOnTable = async (
    statement: string,
    values: readonly (string | null)[],
    isToBeMade: boolean,
  ): Promise<readonly unknown[]> => {
    try {
      return await run(statement, values);
    } catch (error) {
      if (!(error instanceof Refusal) || error.failure !== 'no table') throw error;
      if (!isToBeMade) return [];
      // Others may make it at the same time: whether it is there then is what counts.
      const problem = await run(dialect.table).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      return run(statement, values).catch((reason: unknown) => {
        throw problem ?? reason;
      });
    }
  };

  const inserted = async (rows: readonly Row[]): Promise<Row[]> => {
    try {
      await runOnTable(insert(dialect, rows.length), rows.flatMap(valuesOf), true);
      return [];
    } catch (error) {
      if (!(error instanceof Refusal) || error.failure !== 'bad value') throw error;
      // Nothing of it is stored. What is to blame is found by halves.
      if (rows.length === 1) return [...rows];
      const half = Math.ceil(rows.length / 2);
      return [...(await inserted(rows.slice(0, half))), ...(await inserted(rows.slice(half)))];
    }
  };

  const missing = async (rows: readonly Row[]): Promise<readonly Row[]> => {
    const marks = rows.map((_row, i) => dialect.placeholder(i + 1)).join(', ');
    const found = await runOnTable(
      `select base_id, trace_id, name, timestamp from data where trace_id in (${marks})`,
      rows.map(({ trace_id }) => trace_id),
      false,
    );
    const known = new Set((found as Row[]).map(identity));
    return rows.filter((row) => !known.has(identity(row)));
  };

  const selected = `timestamp, base_id, parent_id, trace_id, project, host, service, name, cast(data as ${dialect.textType}) as data`;

  return {
    async write(lines, batch = {}) {
      expect(answerBytes.write);
      const rows = lines.map((line) => rowOf(line, settings));
      const good = rows.filter((row) => row !== undefined);
      let refused = rows.length - good.length;
      let stored = 0;
      try {
        for (const some of statementsOf(good)) {
          const wanted = batch.isRepeated === true ? await missing(some) : some;
          if (wanted.length > 0) refused += (await inserted(wanted)).length;
          stored += some.length;
        }
      } catch (error) {
        const why = asDriverError(dialect, error);
        if (stored === 0 && refused === 0) throw why;
        throw new WriteError(why.message, refused, linesAfter(lines, rows, stored), {
          cause: why,
          isCertain: why.isCertain,
        });
      }
      if (refused > 0)
        throw new WriteError(`${dialect.label} rejects these events`, refused, [], { isCertain: true });
    },

    async list() {
      return guarded(dialect, async () => {
        expect(answerBytes.read);
        const rows = await runOnTable(
          'select base_id, timestamp from data where id in (select min(id) from data group by base_id)',
          [],
          false,
        );
        return newestFirst(rows as Row[]);
      });
    },

    newest: (wanted) =>
      guarded(dialect, () =>
        newestTraces((statement, values) => runOnTable(statement, values, false), dialect, wanted),
      ),

    page: (wanted, after) =>
      guarded(dialect, () =>
        pageOfTraces((statement, values) => runOnTable(statement, values, false), dialect, wanted, after),
      ),

    find: (beginning) =>
      guarded(dialect, async () => {
        const rows = await runOnTable(
          `select base_id, timestamp from data where id in (select min(id) from data where base_id like ${dialect.placeholder(1)} group by base_id)`,
          [`${beginning}%`],
          false,
        );
        return newestFirst(rows as Row[]);
      }),

    // OSProfiler keeps none in a database.
    listErrors: async () => [],

    async read(base_id) {
      if (!isUuid(base_id)) return undefined;
      return guarded(dialect, async () => {
        expect(answerBytes.read);
        const mark = dialect.placeholder(1);
        const found = await runOnTable(
          `select ${selected} from data where base_id = ${mark} order by id`,
          [base_id],
          false,
        );
        // MySQL finds ids in the other case, too.
        const rows = (found as Row[]).filter((row) => row.base_id === base_id);
        if (rows.length === 0) return undefined;
        const reported = new Map<Event, Reported>();
        for (const row of rows) {
          const read = readRow(row);
          if (read !== undefined) reported.set(read.event, { payload: read.payload, host: read.host });
        }
        return { events: [...reported.keys()], skipped: rows.length - reported.size, reported };
      });
    },

    async check() {
      return guarded(dialect, async () => {
        expect(answerBytes.read);
        const [first] = (await runOnTable(
          'select count(distinct base_id) as count from data',
          [],
          false,
        )) as {
          count: unknown;
        }[];
        if (first === undefined) return `no table yet in ${dialect.label}; the first trace makes it`;
        await tryInsert(dialect);
        return `${count(Number(first.count), 'trace')} in ${dialect.label}`;
      });
    },

    close() {
      sessions.close()?.end();
    },
  };
}

/** An error with which the database answered; the statement was not carried out. */
class Refusal extends Error {
  readonly failure: Failure;

  constructor(failure: Failure, cause: unknown) {
    super((cause as Error).message, { cause });
    this.failure = failure;
  }
}

async function guarded<Result>(dialect: Dialect, body: () => Promise<Result>): Promise<Result> {
  try {
    return await body();
  } catch (error) {
    throw asDriverError(dialect, error);
  }
}

function asDriverError(dialect: Dialect, error: unknown): DriverError {
  return error instanceof DriverError ? error : explained(dialect.label, error, true);
}

function explained(what: string, error: unknown, isCertain: boolean): DriverError {
  const { message, code } = error as NodeJS.ErrnoException;
  return new DriverError(`${what}: ${message || code || String(error)}`, { cause: error, isCertain });
}

/** Finds out whether rows may be written, on a connection that is ended before any is there. */
async function tryInsert(dialect: Dialect): Promise<void> {
  const session = await dialect.connect();
  try {
    await within(answerLimitMs, session.run('begin', []), () => new Error('no answer'));
    const nothing = columns.map(() => null);
    await within(answerLimitMs, session.run(insert(dialect, 1), nothing), () => new Error('no answer'));
    await within(answerLimitMs, session.run('rollback', []), () => new Error('no answer'));
  } finally {
    session.end();
  }
}

/** The lines whose rows come after so many. */
function linesAfter(lines: readonly Line[], rows: readonly (Row | undefined)[], many: number): Line[] {
  let seen = 0;
  return lines.filter((_line, i) => rows[i] !== undefined && ++seen > many);
}
