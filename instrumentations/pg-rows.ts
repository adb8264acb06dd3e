// A part of `pg.ts`: counts the rows that a call read or changed.
import { sumOf } from '../src/hooks/targets/database-points.js';

/** The number of rows that were read or changed, in total if there were several statements. */
export function rows(result: unknown): number | undefined {
  if (!Array.isArray(result)) return rowsOf(result);
  return isUndone(result) ? undefined : sumOf(result.map(rowsOf));
}

function rowsOf(result: unknown): number | undefined {
  const counted = rowCountOf(result);
  const { rows: kept } = Object(result) as { rows?: unknown };
  // If rows are fetched in parts, the server counts only those of the last fetch.
  const length = Array.isArray(kept) ? kept.length : 0;
  return length > (counted ?? 0) ? length : counted;
}

/**
 * The result of a query, with the number of rows. The server counts only the rows of the last fetch, and none for a
 * query that is closed early.
 */
export function resultOf(query: Record<string, unknown>, fetched: number): unknown {
  const cursor = query['cursor'] as Record<string, unknown> | undefined;
  // A `Query` has a list of results if there were several statements. A copy stream counts by itself.
  const result = query['_results'] ?? query['_result'] ?? cursor?.['_result'] ?? query;
  const results = Array.isArray(result) ? (result as { rowCount?: unknown }[]) : [result];
  if (isUndone(results)) return undefined;
  const counted = sumOf(results.map(rowCountOf));
  return { rowCount: fetched > (counted ?? 0) ? fetched : counted };
}

interface Result {
  readonly command?: unknown;
  readonly rowCount?: unknown;
  readonly fields?: unknown;
}

/** The server's count of rows. For `MOVE` the server counts rows that were skipped, and no row was read. */
function rowCountOf(result: unknown): number | undefined {
  const { rowCount, command } = Object(result) as Result;
  return typeof rowCount === 'number' && command !== 'MOVE' ? rowCount : undefined;
}

/** Whether the same text rolls back some or all of the rows that it changed. Rows that were read still count. */
function isUndone(results: readonly unknown[]): boolean {
  const last = results.findLastIndex((result) => (Object(result) as Result).command === 'ROLLBACK');
  return results.slice(0, Math.max(0, last)).some((result) => {
    const { fields } = Object(result) as Result;
    return (rowCountOf(result) ?? 0) > 0 && !(Array.isArray(fields) && fields.length > 0);
  });
}
