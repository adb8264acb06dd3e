// How many rows a call of mysql2 gave or changed.
import { sumOf } from '../src/hooks/targets/database.js';
import { read } from '../src/hooks/guard.js';
import type { Tally } from '../src/hooks/calls/ends.js';
import { maskLiterals } from '../src/redaction/sql.js';

/** What came without a callback: rows, and a result of each command that gives none. */
export class EventRows implements Tally {
  rows: number | undefined;
  /** Whether the server counted some of them as changed. */
  isChange = false;

  see(event: unknown, first: unknown): void {
    // The fields of a result set come before its rows, of which there may be none.
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

const isChange = (result: unknown): boolean => !Array.isArray(result) && (affectedBy(result) ?? 0) > 0;

// Where the server's count of changes is none of rows that are changed now: a row that takes another's place is
// counted twice, what is rolled back is counted as well, and so is each row of a table that is made anew.
const otherCounts =
  /\b(?:rollback|replace(?!\s*\()|on\s+duplicate\s+key|alter|(?:create|drop)\s+(?:\w+\s+){0,3}index)\b/i;

function countsOtherwise(given: unknown): boolean {
  const options = Object(given) as { sql?: unknown; statement?: { query?: unknown } };
  const text = typeof given === 'string' ? given : read(() => options.sql ?? options.statement?.query);
  if (typeof text !== 'string' || !otherCounts.test(text)) return false;
  // Of a long text the mask keeps the beginning alone.
  return text.length > longest || otherCounts.test(maskLiterals(text, 'mysql'));
}

const longest = 16 * 1024;

/** How many rows came or were changed. */
export function rows(result: unknown, fields: unknown, [given]: readonly unknown[]): number | undefined {
  if (result instanceof EventRows) {
    return result.isChange && countsOtherwise(given) ? undefined : result.rows;
  }
  // A procedure and several statements in one text give a list of results, and a list of their fields.
  const isSeveral = Array.isArray(fields) && (fields[0] === undefined || Array.isArray(fields[0]));
  const several = isSeveral && Array.isArray(result) ? (result as unknown[]) : undefined;
  const isChanging = several === undefined ? isChange(result) : several.some(isChange);
  if (isChanging && countsOtherwise(given)) return undefined;
  return several === undefined ? countOf(result) : sumOf(several.map(countOf));
}

const countOf = (result: unknown): number | undefined =>
  Array.isArray(result) ? result.length : affectedBy(result);
