// Reads stored events, which may have been written by anybody.
import type { Event, Info } from './event.js';
import { isUuid } from './ids.js';

// OSProfiler's ids are UUIDs. Some of its peers shorten the ids of points.
const maxIdLength = 255;
const maxNameLength = 1024;

// Readers of an event may recurse into its info.
const maxLevels = 100;

const timestampForm = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z?$/;

/**
 * Reads one stored line. The result has the fields of an event with their types. Its texts are still whatever
 * somebody wrote, so a terminal or a page must escape them.
 *
 * @returns undefined if the line is not an event: torn, foreign or hostile
 */
export function parseEvent(text: string): Event | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  return eventOf(value);
}

/**
 * Reads an event out of parsed JSON, with the same checks.
 *
 * @returns undefined where the value is no event, or is nested deeper than its readers can follow
 */
export function eventOf(value: unknown): Event | undefined {
  return isObject(value) && isEvent(value) ? complete(value) : undefined;
}

/**
 * The microseconds since 1970 that an event's timestamp stands for. A `Z` and a missing fraction are
 * accepted, although OSProfiler's own readers fail on both.
 */
export function parseTimestamp(timestamp: string): number | undefined {
  const [, seconds, fraction = ''] = timestampForm.exec(timestamp) ?? [];
  if (seconds === undefined) return undefined;
  if (seconds !== lastSeconds) [lastSeconds, lastMicros] = [seconds, Date.parse(`${seconds}Z`) * 1000];
  if (Number.isNaN(lastMicros)) return undefined;
  return (
    lastMicros + (fraction.length === 6 ? Number(fraction) : Number(fraction.slice(0, 6).padEnd(6, '0')))
  );
}

// Events that are read one after the other are mostly of the same second.
let lastSeconds = '';
let lastMicros = NaN;

/** The fields without which there is no point to show. Other fields may be missing. */
interface EventLike {
  readonly name: string;
  readonly base_id: string;
  readonly trace_id: string;
  readonly parent_id: string;
  readonly timestamp: string;
  readonly info?: Info | null;
  readonly project?: unknown;
  readonly service?: unknown;
}

function isEvent(value: Info): value is Info & EventLike {
  const { name, base_id, trace_id, parent_id, timestamp, info } = value;
  return (
    isText(name, maxNameLength) &&
    isUuid(base_id) &&
    isText(trace_id, maxIdLength) &&
    isText(parent_id, maxIdLength) &&
    typeof timestamp === 'string' &&
    parseTimestamp(timestamp) !== undefined &&
    (info === undefined || info === null || isObject(info)) &&
    isWithin(maxLevels, value)
  );
}

/** The event as it was stored, in its order and with everything else in it, if no field is missing. */
function complete(value: EventLike): Event {
  const { info, project, service } = value;
  if (info && isTextOrNull(project) && isTextOrNull(service)) return value as Event;
  return {
    ...value,
    info: info ?? {},
    project: typeof project === 'string' ? project : null,
    service: typeof service === 'string' ? service : null,
  };
}

function isObject(value: unknown): value is Info {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isText(value: unknown, maxLength: number): value is string {
  return typeof value === 'string' && value !== '' && value.length <= maxLength;
}

function isTextOrNull(value: unknown): value is string | null {
  return typeof value === 'string' || value === null;
}

/** Whether a JSON value is nested no deeper than so many levels. */
function isWithin(levels: number, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (levels === 0) return false;
  for (const member of Object.values(value)) {
    if (!isWithin(levels - 1, member)) return false;
  }
  return true;
}
