// How many rows a call of mysql2 gave or changed.
import { databaseStop, sumOf } from '../src/hooks/database.js';
import type { Tally } from '../src/hooks/settling.js';
import type { Context } from '../src/trace/context.js';
import type { Said } from '../src/trace/point.js';

/** What came without a callback: rows, and a result of each command that gives none. */
export class EventRows implements Tally {
  rows: number | undefined;

  see(event: unknown, first: unknown): void {
    // The fields of a result set come before its rows, of which there may be none.
    if (event === 'fields' && Array.isArray(first)) this.#add(0);
    else if (event === 'result') this.#add(isHeader(first) ? affectedBy(first) : 1);
  }

  #add(count: number | undefined): void {
    if (count !== undefined) this.rows = (this.rows ?? 0) + count;
  }
}

/** A row may have a column of any name, and no prototype. */
function isHeader(result: unknown): boolean {
  if (typeof result !== 'object' || result === null) return true;
  const prototype = Object.getPrototypeOf(result) as { constructor?: { name?: unknown } } | null;
  return prototype?.constructor?.name === 'ResultSetHeader';
}

function affectedBy(result: unknown): number | undefined {
  const { affectedRows } = Object(result) as { affectedRows?: unknown };
  return typeof affectedRows === 'number' ? affectedRows : undefined;
}

/** What a point says at its stop. */
export function rows(result: unknown, context: Context, fields: unknown): Said {
  if (result instanceof EventRows) return databaseStop(context, result.rows);
  // A procedure and several statements in one text give a list of results, and a list of their fields.
  const isSeveral = Array.isArray(fields) && (fields[0] === undefined || Array.isArray(fields[0]));
  const counted = isSeveral && Array.isArray(result) ? sumOf(result.map(countOf)) : countOf(result);
  return databaseStop(context, counted);
}

const countOf = (result: unknown): number | undefined =>
  Array.isArray(result) ? result.length : affectedBy(result);
