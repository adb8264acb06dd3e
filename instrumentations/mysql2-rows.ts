// A part of `mysql2.ts`: counts the rows that a call read or changed.
import { sumOf } from '../src/hooks/targets/database-points.js';
import { read } from '../src/hooks/guard.js';
import type { Tally } from '../src/hooks/calls/ends.js';
import { maskLiterals } from '../src/redaction/sql.js';

/** Counts the events of a call without a callback: its rows, and the result of each command that gives no rows. */
export class EventRows implements Tally {
  rows: number | undefined;
  /** Whether the server counted some rows as changed. */
  isChange = false;

  see(event: unknown, first: unknown): void {
    // The fields of a result set come before its rows, and there may be no rows.
    if (event === 'fields' && Array.isArray(first)) this.#add(0);
    else if (event === 'result' && !isHeader(first)) this.#add(1);
    else if (event === 'result') {
      this.#add(affectedBy(first));
      this.isChange ||= isChange(first);
    }
  }

  #add(count: number | undefined): void {
    if (count !== undefined) this.rows = (this.rows ?? 0) + count;
  }
}

/** Whether a result is a header and no row. A row may have a column of any name, and no prototype. */
function isHeader(result: unknown): boolean {
  if (typeof result !== 'object' || result === null) return true;
  const prototype = Object.getPrototypeOf(result) as { constructor?: { name?: unknown } } | null;
  return prototype?.constructor?.name === 'ResultSetHeader';
}

function affectedBy(result: unknown): number | undefined {
  const { affectedRows } = Object(result) as { affectedRows?: unknown };
  return typeof affectedRows === 'number' ? affectedRows : undefined;
}

const isChange = (result: unknown): boolean => !Array.isArray(result) && (affectedBy(result) ?? 0) > 0;

// Statements for which the server's count is not the number of rows that are changed now. A row that replaces another
// one counts twice. Changes that are rolled back count as well, and so does each row of a table that is rebuilt.
const otherCounts =
  /\b(?:rollback|replace(?!\s*\()|on\s+duplicate\s+key|alter|(?:create|drop)\s+(?:\w+\s+){0,3}index)\b/i;

function countsOtherwise(given: unknown): boolean {
  const options = Object(given) as { sql?: unknown; statement?: { query?: unknown } };
  const text = typeof given === 'string' ? given : read(() => options.sql ?? options.statement?.query);
  if (typeof text !== 'string' || !otherCounts.test(text)) return false;
  // The mask keeps only the beginning of a long text.
  return text.length > longest || otherCounts.test(maskLiterals(text, 'mysql'));
}

const longest = 16 * 1024;

/** The number of rows that were read or changed. */
export function rows(result: unknown, fields: unknown, [given]: readonly unknown[]): number | undefined {
  if (result instanceof EventRows) {
    return result.isChange && countsOtherwise(given) ? undefined : result.rows;
  }
  // A procedure, or several statements in one text, gives a list of results and a list of their fields.
  const isSeveral = Array.isArray(fields) && (fields[0] === undefined || Array.isArray(fields[0]));
  const several = isSeveral && Array.isArray(result) ? (result as unknown[]) : undefined;
  const isChanging = several === undefined ? isChange(result) : several.some(isChange);
  if (isChanging && countsOtherwise(given)) return undefined;
  return several === undefined ? countOf(result) : sumOf(several.map(countOf));
}

const countOf = (result: unknown): number | undefined =>
  Array.isArray(result) ? result.length : affectedBy(result);
