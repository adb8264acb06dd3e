// How many rows a call of pg gave or changed.
import { databaseStop, sumOf } from '../src/hooks/database.js';
import type { Context } from '../src/trace/context.js';
import type { Said } from '../src/trace/point.js';

/** What a point says at its stop. */
export function rows(result: unknown, context: Context): Said {
  return databaseStop(context, Array.isArray(result) ? sumOf(result.map(rowsOf)) : rowsOf(result));
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
  const counted = sumOf(results.map(rowCountOf));
  return { rowCount: fetched > (counted ?? 0) ? fetched : counted };
}

function rowCountOf(result: unknown): number | undefined {
  const { rowCount } = Object(result) as { rowCount?: unknown };
  return typeof rowCount === 'number' ? rowCount : undefined;
}
