// What the points of databases say: `db` points at their start and stop, and `sql` points.
import { maskLiterals } from '../../redaction/sql.js';
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
  { text, params }: Statement,
  agent: AgentPort,
): PointStart {
  const statement = typeof text === 'string' && agent.maskSql ? maskLiterals(text, dialect) : text;
  const shown = agent.traceSqlParams && params !== undefined ? { params } : {};
  return { point: 'sql', info: { db: { system, statement, ...shown } } };
}

/** Gives the `db` point of a call. */
export type DatabaseCall = (client: object, operation: string, endpoint: Endpoint) => readonly PointStart[];

interface Known extends Endpoint {
  readonly starts: Map<string, readonly PointStart[]>;
}

// The names of operations may be the application's.
const mostStarts = 200;

/**
 * Makes what gives the `db` points of a library's calls. All calls of a client say the same at their start, so
 * that is made once, until the client says that it goes somewhere else.
 */
export function callsOf({ system }: Database): DatabaseCall {
  const known = createStamp<Known>();
  return (client, operation, { name, host, port }) => {
    let its = known.of(client);
    if (its === undefined || its.name !== name || its.host !== host || its.port !== port) {
      its = { name, host, port, starts: new Map() };
      known.put(client, its);
    }
    let start = its.starts.get(operation);
    if (start === undefined) {
      if (its.starts.size === mostStarts) its.starts.clear();
      start = [
        {
          point: 'db',
          info: new FixedInfo({ db: { system, operation, name, host, port } } satisfies PointInfo<'db'>),
        },
      ];
      its.starts.set(operation, start);
    }
    return start;
  };
}

const counts: FixedInfo[] = [];
const mostCounts = 256;

/** What a point says at its stop: of the rows that came or were changed, if they were counted, and of its waits. */
export function databaseStop(context: Context, rows: number | undefined): StopInfo {
  const waited = context.point === 'db' ? waitsInfo(context) : undefined;
  if (waited !== undefined) return { db: { ...(rows !== undefined && { rows }), ...waited } };
  return rows === undefined ? undefined : rowsInfo(rows);
}

/** The same after an error. */
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
 * How many rows came or were changed: the sum over all result sets and commands that have a count, in one text or in
 * one procedure; undefined where none has.
 */
export function sumOf(counted: readonly (number | undefined)[]): number | undefined {
  let sum: number | undefined;
  for (const rows of counted) if (rows !== undefined) sum = (sum ?? 0) + rows;
  return sum;
}
