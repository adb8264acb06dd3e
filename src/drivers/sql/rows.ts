// Makes rows of OSProfiler's table of events, and events of its rows.
import type { Event } from '../../trace/event.js';
import { eventOf } from '../../trace/parse.js';
import type { DriverSettings } from '../driver.js';
import type { Line } from '../line.js';

/** The columns of OSProfiler's table but the first, the number of the row. */
export const columns = [
  'timestamp',
  'base_id',
  'parent_id',
  'trace_id',
  'project',
  'host',
  'service',
  'name',
  'data',
] as const;

/** The columns that have an index. */
export const indexed = columns.filter((column) => column !== 'data');

// The agent never makes an event this long. A server may end the connection instead of refusing one, and then nothing
// tells which event was too long.
const maxCharacters = 4 * 2 ** 20;

export type Column = (typeof columns)[number];
export type Row = Readonly<Record<Column, string | null>>;

/**
 * The row that a line becomes: what there is a column for, and in `data` the rest. That is a JSON string
 * which holds JSON text, because OSProfiler makes text of it before SQLAlchemy does.
 *
 * @returns undefined when the line is no event, or longer than any
 */
export function rowOf(line: Line, { project, service, host }: DriverSettings): Row | undefined {
  const event = line.text.length > maxCharacters ? undefined : line.event;
  if (event === undefined) return undefined;
  const { name, base_id, trace_id, parent_id, timestamp, ...rest } = event;
  const { project: ownProject, service: ownService, ...data } = rest;
  return {
    timestamp,
    base_id,
    parent_id,
    trace_id,
    project: ownProject ?? project,
    // The host of the driver, as OSProfiler has it; the event's own is in its info.
    host,
    service: ownService ?? service,
    name,
    data: JSON.stringify(JSON.stringify(data)),
  };
}

/** What tells one event from all others. */
export function identity(row: Pick<Row, 'base_id' | 'trace_id' | 'name' | 'timestamp'>): string {
  return JSON.stringify([row.base_id, row.trace_id, row.name, row.timestamp]);
}

/** The event of a row, and what OSProfiler's report shows of it: no more than `data`, and the row's host. */
export function readRow(
  row: Row,
): { readonly event: Event; readonly payload: unknown; readonly host: string | null } | undefined {
  const payload = dataOf(row.data);
  if (payload === undefined) return undefined;
  const { data: _data, host, ...fields } = row;
  // The columns take precedence over what `data` holds under their names.
  const event = eventOf({ ...payload, ...fields });
  return event && { event, payload, host };
}

/** Encoded twice by OSProfiler, and once where somebody else wrote it. */
function dataOf(text: string | null): object | undefined {
  let value: unknown = text;
  for (let times = 0; times < 2 && typeof value === 'string'; times++) {
    try {
      value = JSON.parse(value);
    } catch {
      return undefined;
    }
  }
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
}
