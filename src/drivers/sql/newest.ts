// Finds the newest traces in a table that may have many millions of rows.
import type { Newest, TraceSummary } from '../driver.js';
import type { Dialect } from './dialect.js';
import { newestFirst } from '../trace-list.js';

// The rows that are looked at first, the newest of the table; ten times as many where these are of too few traces.
const firstRows = 20_000;
const idsPerStatement = 500;

type Run = (statement: string, values: readonly (string | null)[]) => Promise<readonly unknown[]>;
interface Entry {
  readonly base_id: string;
  readonly timestamp: string;
}

/**
 * The newest traces by the newest rows: a table of many millions has no index that tells the first row of each trace.
 *
 * @param run gives no rows where there is no table
 */
export async function newestTraces(run: Run, { placeholder }: Dialect, count: number): Promise<Newest> {
  const [ends] = (await run('select min(id) as lowest, max(id) as highest from data', [])) as {
    readonly lowest: unknown;
    readonly highest: unknown;
  }[];
  const [lowest, highest] = [Number(ends?.lowest ?? NaN), Number(ends?.highest ?? NaN)];
  if (Number.isNaN(highest)) return { traces: [], total: 0 };
  for (let rows = firstRows; ; rows *= 10) {
    const from = highest - rows;
    const found = newestFirst(
      (await run(
        `select base_id, timestamp from data where id in (select min(id) from data where id > ${from} group by base_id)`,
        [],
      )) as Entry[],
    );
    if (from < lowest) return { traces: found.slice(0, count), total: found.length };
    const traces = await begunAmong(found, count);
    if (traces.length === count) return { traces, total: undefined };
  }

  /** What began before the rows that were looked at is older than it seems, and is none of the newest. */
  async function begunAmong(
    found: readonly TraceSummary[],
    wanted: number,
  ): Promise<readonly TraceSummary[]> {
    const begun: TraceSummary[] = [];
    for (let i = 0; i < found.length && begun.length < wanted; i += idsPerStatement) {
      const some = found.slice(i, i + idsPerStatement);
      const marks = some.map((_, at) => placeholder(at + 1)).join(', ');
      const firsts = (await run(
        `select base_id, timestamp from data where id in (select min(id) from data where base_id in (${marks}) group by base_id)`,
        some.map(({ base_id }) => base_id),
      )) as Entry[];
      const known = new Map(firsts.map(({ base_id, timestamp }) => [base_id, timestamp]));
      begun.push(...some.filter(({ base_id, timestamp }) => known.get(base_id) === timestamp));
    }
    return begun.slice(0, wanted);
  }
}
