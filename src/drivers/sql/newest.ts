// Finds the newest traces in a table that may have many millions of rows.
import type { Newest, TraceSummary } from '../driver.js';
import type { Dialect } from './dialect.js';
import { newestFirst } from '../trace-list.js';

// The rows that are looked at first, the newest of the table; ten times as many where these are of too few traces.
const firstRows = 20_000;
const idsPerStatement = 500;

export type Run = (statement: string, values: readonly (string | null)[]) => Promise<readonly unknown[]>;
export interface Entry {
  readonly base_id: string;
  readonly timestamp: string;
}

/**
 * The newest traces by the newest rows: a table of many millions has no index that tells the first row of each trace.
 *
 * @param run gives no rows where there is no table
 */
export async function newestTraces(run: Run, dialect: Dialect, count: number): Promise<Newest> {
  const { lowest, highest } = await endsOf(run);
  if (highest === undefined) return { traces: [], total: 0 };
  for (let rows = firstRows; ; rows *= 10) {
    const from = highest - rows;
    const found = newestFirst(
      (await run(
        `select base_id, timestamp from data where id in (select min(id) from data where id > ${from} group by base_id)`,
        [],
      )) as Entry[],
    );
    if (from < lowest) return { traces: found.slice(0, count), total: found.length };
    const { traces } = await begunBehind(run, dialect, found, from, count);
    if (traces.length === count) return { traces, total: undefined };
  }
}

/** The first and the last id of the table; the last is undefined if there is no row. */
export async function endsOf(run: Run): Promise<{ lowest: number; highest: number | undefined }> {
  const [ends] = (await run('select min(id) as lowest, max(id) as highest from data', [])) as {
    readonly lowest: unknown;
    readonly highest: unknown;
  }[];
  const [lowest, highest] = [Number(ends?.lowest ?? NaN), Number(ends?.highest ?? NaN)];
  return { lowest, highest: Number.isNaN(highest) ? undefined : highest };
}

/** The last id of the table up to this one; undefined if there is no row. */
export async function highestUpTo(run: Run, id: number): Promise<number | undefined> {
  const [row] = (await run(`select max(id) as highest from data where id <= ${id}`, [])) as {
    readonly highest: unknown;
  }[];
  const highest = row?.highest ?? undefined;
  return highest === undefined ? undefined : Number(highest);
}

/**
 * The first of some traces that have no row up to an id: what began before the rows that were looked at is older than
 * it seems.
 *
 * @returns as many as are wanted, if there are, and how many traces were looked at for them
 */
export async function begunBehind(
  run: Run,
  { placeholder }: Dialect,
  found: readonly TraceSummary[],
  from: number,
  wanted: number,
): Promise<{ readonly traces: readonly TraceSummary[]; readonly looked: number }> {
  const begun: TraceSummary[] = [];
  let looked = 0;
  while (looked < found.length && begun.length < wanted) {
    const some = found.slice(looked, looked + idsPerStatement);
    const marks = some.map((_, at) => placeholder(at + 1)).join(', ');
    const older = (await run(
      `select distinct base_id from data where base_id in (${marks}) and id <= ${from}`,
      some.map(({ base_id }) => base_id),
    )) as Pick<Entry, 'base_id'>[];
    const known = new Set(older.map(({ base_id }) => base_id));
    for (const trace of some) {
      if (begun.length === wanted) break;
      looked++;
      if (!known.has(trace.base_id)) begun.push(trace);
    }
  }
  return { traces: begun, looked };
}
