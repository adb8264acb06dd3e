// How many rows a call of pg gave or changed.
import { sumOf } from '../src/hooks/targets/database.js';

/** How many rows came or were changed: of several statements, in all. */
export function rows(result: unknown): number | undefined {
  if (!Array.isArray(result)) return rowsOf(result);
  return isUndone(result) ? undefined : sumOf(result.map(rowsOf));
}

function rowsOf(result: unknown): number | undefined {
  const counted = rowCountOf(result);
  const { rows: kept } = Object(result) as { rows?: unknown };
  // Of rows that are fetched in parts the server counts those of the last fetch.
  const length = Array.isArray(kept) ? kept.length : 0;
  return length > (counted ?? 0) ? length : counted;
}

/**
 * What came of a query, counted: the server counts the rows of the last fetch alone, and one that is closed early not
 * at all.
 */
export function resultOf(query: Record<string, unknown>, fetched: number): unknown {
  const cursor = query['cursor'] as Record<string, unknown> | undefined;
  // A `Query` has a list of results of several statements; a copy stream counts by itself.
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

/** Of `MOVE` the server counts the rows that were passed over: none came. */
function rowCountOf(result: unknown): number | undefined {
  const { rowCount, command } = Object(result) as Result;
  return typeof rowCount === 'number' && command !== 'MOVE' ? rowCount : undefined;
}

/** Whether rows were changed that the same text rolls back, all or some; those that came have come. */
function isUndone(results: readonly unknown[]): boolean {
  const last = results.findLastIndex((result) => (Object(result) as Result).command === 'ROLLBACK');
  return results.slice(0, Math.max(0, last)).some((result) => {
    const { fields } = Object(result) as Result;
    return (rowCountOf(result) ?? 0) > 0 && !(Array.isArray(fields) && fields.length > 0);
  });
}
