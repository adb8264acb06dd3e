import type { Newest } from './driver.js';
import type { Dialect } from './sql-dialect.js';
import { summaries } from './summaries.js';

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
    const found = (await run(
      `select base_id, timestamp from data where id in (select min(id) from data where id > ${from} group by base_id)`,
      [],
    )) as Entry[];
    const isAll = from < lowest;
    if (found.length < count && !isAll) continue;
    if (isAll) return { traces: summaries(found).slice(0, count), total: summaries(found).length };
    // What began before these rows is older than it seems here.
    const candidates = summaries(found).slice(0, count);
    const firsts: Entry[] = [];
    for (let i = 0; i < candidates.length; i += idsPerStatement) {
      const ids = candidates.slice(i, i + idsPerStatement).map(({ base_id }) => base_id);
      const marks = ids.map((_, at) => placeholder(at + 1)).join(', ');
      firsts.push(
        ...((await run(
          `select base_id, timestamp from data where id in (select min(id) from data where base_id in (${marks}) group by base_id)`,
          ids,
        )) as Entry[]),
      );
    }
    return { traces: summaries(firsts), total: undefined };
  }
}
