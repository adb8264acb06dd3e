// What the points of databases say: `db` points at their start and stop, and `sql` points.
import { maskLiterals } from '../../redaction/sql.js';
import { type SqlDigest, digestOf } from '../../redaction/sql-digest.js';
import type { Context } from '../../trace/context.js';
import type { Info } from '../../trace/event.js';
import { FixedInfo } from '../../trace/info.js';
import { createStamp } from '../../trace/stamp.js';
import type { PointInfo, PointStart, StopInfo } from '../../trace/vocabulary.js';
import type { AgentPort } from '../port.js';
import type { Database, Endpoint, Statement } from './database.js';
import { waitsInfo } from './waiting.js';

/** The `sql` point of a statement. */
export function sqlPoint(
  { system, dialect = 'postgresql' }: Database,
  { text, params, isMasked }: Statement,
  agent: AgentPort,
): PointStart {
  const isMasking = agent.maskSql && isMasked !== true && typeof text === 'string';
  const statement = isMasking ? maskLiterals(text, dialect) : text;
  const shown = agent.traceSqlParams && params !== undefined ? { params } : {};
  return { point: 'sql', info: { db: { system, statement, ...shown } } };
}

/** Gives the `db` point of a call, which may be that of an SQL statement. */
export type DatabaseCall = (
  client: object,
  operation: string,
  endpoint: Endpoint,
  text: unknown,
) => readonly PointStart[];

interface Known extends Endpoint {
  readonly starts: Map<string, Starts>;
}

/** The `db` points of a client's operation, by their statements; undefined for that of no statement. */
type Starts = Map<SqlDigest | undefined, readonly PointStart[]>;

// The application may choose the names of operations and the statements, so their numbers are limited.
const mostStarts = 200;

/**
 * Makes the function that gives the `db` points of a library's calls. All calls of a client say the same at their
 * start, so it is made once, and again only if the client names another endpoint.
 */
export function callsOf({ system, dialect = 'postgresql' }: Database): DatabaseCall {
  const known = createStamp<Known>();
  return (client, operation, { name, host, port }, text) => {
    let its = known.of(client);
    if (its === undefined || its.name !== name || its.host !== host || its.port !== port) {
      its = { name, host, port, starts: new Map() };
      known.put(client, its);
    }
    let starts = its.starts.get(operation);
    if (starts === undefined) {
      if (its.starts.size === mostStarts) its.starts.clear();
      starts = new Map();
      its.starts.set(operation, starts);
    }
    const digest = typeof text === 'string' ? digestOf(text, dialect) : undefined;
    let start = starts.get(digest);
    if (start === undefined) {
      if (starts.size === mostStarts) starts.clear();
      const info: PointInfo<'db'> = { db: { system, operation, name, host, port, ...digest } };
      start = [{ point: 'db', info: new FixedInfo(info) }];
      starts.set(digest, start);
    }
    return start;
  };
}

const counts: FixedInfo[] = [];
const mostCounts = 256;

/** The info for a point's stop: the number of rows, if it is known, and what the call waited for. */
export function databaseStop(context: Context, rows: number | undefined): StopInfo {
  const waited = context.point === 'db' ? waitsInfo(context) : undefined;
  if (waited !== undefined) return { db: { ...(rows !== undefined && { rows }), ...waited } };
  return rows === undefined ? undefined : rowsInfo(rows);
}

/** The info for a point's stop after an error. */
export function databaseFailed(context: Context, failure: Info): Info {
  const waited = context.point === 'db' ? waitsInfo(context) : undefined;
  return waited === undefined ? failure : { ...failure, db: waited };
}

function rowsInfo(rows: number): StopInfo {
  // Most statements give few rows.
  const isFew = rows >= 0 && rows < mostCounts && Number.isInteger(rows);
  return isFew ? (counts[rows] ??= new FixedInfo({ db: { rows } } satisfies StopInfo)) : { db: { rows } };
}

/**
 * The number of rows that were read or changed in total, by all result sets and commands of one text or procedure
 * that have a count; undefined if none has.
 */
export function sumOf(counted: readonly (number | undefined)[]): number | undefined {
  let sum: number | undefined;
  for (const rows of counted) if (rows !== undefined) sum = (sum ?? 0) + rows;
  return sum;
}
