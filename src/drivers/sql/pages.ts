// Pages through the traces of a table that may have many millions of rows.
import { DriverError, type Page, type TraceSummary } from '../driver.js';
import type { Dialect } from './dialect.js';
import { type Entry, type Run, begunBehind, endsOf, highestUpTo } from './newest.js';
import { newestFirst } from '../trace-list.js';

// Within so many rows the traces are in the order of time; one window of rows is older than the next.
const rowsPerWindow = 5000;

/** Where a page ends: a window is the rows up to `top`, of whose traces the first `skip` are on earlier pages. */
interface Place {
  readonly top: number;
  readonly skip: number;
}

/**
 * A page of the traces, by their first rows: each window of rows is read by its ids alone, so that the last page costs
 * what the first does.
 *
 * @param run gives no rows where there is no table
 * @param after the end of the page before
 */
export async function pageOfTraces(
  run: Run,
  dialect: Dialect,
  count: number,
  after: string | undefined,
): Promise<Page> {
  const asked = after === undefined ? undefined : placeFrom(after);
  const { lowest, highest } = await endsOf(run);
  if (highest === undefined) return { traces: [], total: 0, next: undefined };
  let place: Place | undefined = asked ?? { top: highest, skip: 0 };
  const traces: TraceSummary[] = [];
  while (place !== undefined && traces.length < count) {
    const { top, skip }: Place = place;
    const from = top - rowsPerWindow;
    const found = newestFirst(
      (await run(
        `select base_id, timestamp from data where id in (select min(id) from data where id > ${from} and id <= ${top} group by base_id)`,
        [],
      )) as Entry[],
    );
    const begun = await begunBehind(run, dialect, found.slice(skip), from, count - traces.length);
    traces.push(...begun.traces);
    const seen: number = skip + begun.looked;
    // Rows that were deleted leave ids without rows, of which there may be millions.
    const nextTop = from < lowest ? undefined : found.length > 0 ? from : await highestUpTo(run, from);
    const below = nextTop === undefined ? undefined : { top: nextTop, skip: 0 };
    place = seen < found.length ? { top, skip: seen } : below;
  }
  return { traces, total: undefined, next: place && `${place.top}.${place.skip}` };
}

function placeFrom(cursor: string): Place {
  const [, top, skip] = /^(\d{1,15})\.(\d{1,6})$/.exec(cursor) ?? [];
  if (top !== undefined) return { top: Number(top), skip: Number(skip) };
  throw new DriverError('this page of the list does not exist');
}
