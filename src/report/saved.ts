// Makes events of a report again: one that was saved as JSON, by ostrace or by OSProfiler.
import type { Reported, StoredTrace } from '../drivers/driver.js';
import type { Event } from '../trace/event.js';
import { eventOf, parseTimestamp } from '../trace/parse.js';
import { isStop } from './tree.js';

/** What a saved report holds. Points and events of which nothing can be made are counted as `skipped`. */
export interface SavedTrace extends StoredTrace {
  readonly base_id: string;
  /**
   * How many events were saved without their ids and times, as OSProfiler's reports from a database are. They have
   * the ids and the milliseconds of their points.
   */
  readonly rounded: number;
  /** Whether an event tells the trace's id and date. If none does, both are 0. */
  readonly isDated: boolean;
}

const prefix = 'meta.raw_payload.';
const unknownId = '00000000-0000-0000-0000-000000000000';
// A hundred years, of which a date can be made.
const maxMilliseconds = 3_155_760_000_000;

type Members = Readonly<Record<string, unknown>>;

/** An event as a point of a report holds it. */
interface Held {
  readonly name: string;
  readonly payload: unknown;
  /** Undefined if the payload is none, or not all of one. */
  readonly event: Event | undefined;
  /** The point that holds it, and what that says of itself. */
  readonly point: Members;
  readonly info: Members;
}

/**
 * Reads a report that was parsed from JSON. Anybody may have written it, so each event is checked as those of a store
 * are, and what is none is counted and left out.
 *
 * @returns undefined if the value is no report
 */
export function readReport(value: unknown): SavedTrace | undefined {
  const report = membersOf(value);
  if (report === undefined || !Array.isArray(report['children'])) return undefined;
  const held: Held[] = [];
  let empty = 0;
  for (const point of pointsIn(report['children'])) {
    const before = held.length;
    for (const each of heldBy(point)) held.push(each);
    if (held.length === before) empty++;
  }
  const known = held.find(({ event }) => event !== undefined);
  const base_id = known?.event?.base_id ?? unknownId;
  const first = known === undefined ? 0 : beginningFrom(known);

  const events: Event[] = [];
  const reported = new Map<Event, Reported>();
  for (const each of held) {
    const event = each.event ?? rebuilt(each, base_id, first);
    if (event?.base_id !== base_id) continue;
    events.push(event);
    if (each.event !== undefined) continue;
    const { host } = each.info;
    reported.set(event, { payload: each.payload, host: typeof host === 'string' ? host : null });
  }
  const skipped = empty + held.length - events.length;
  return { base_id, events, skipped, reported, rounded: reported.size, isDated: known !== undefined };
}

/** All points from the top down, without recursion: a report may be deeper than the stack. */
function* pointsIn(roots: readonly unknown[]): Generator<Members> {
  const open = roots.toReversed();
  while (open.length > 0) {
    const point = membersOf(open.pop()) ?? {};
    yield point;
    const { children } = point;
    if (!Array.isArray(children)) continue;
    for (let i = children.length - 1; i >= 0; i--) open.push(children[i]);
  }
}

function heldBy(point: Members): Held[] {
  const info = membersOf(point['info']) ?? {};
  return Object.entries(info)
    .filter(([key]) => key.startsWith(prefix))
    .map(([key, payload]) => ({
      name: key.slice(prefix.length),
      payload,
      event: eventOf(payload),
      point,
      info,
    }));
}

/** An event of which only the info was saved. One that has a time of its own was saved whole, and is a bad one. */
function rebuilt(held: Held, base_id: string, first: number): Event | undefined {
  const payload = membersOf(held.payload);
  const ms = millisecondsOf(held);
  if (payload === undefined || payload['timestamp'] !== undefined || ms === undefined) return undefined;
  const { trace_id, parent_id } = held.point;
  const { project = null, service = null } = held.info;
  const timestamp = stamp(first + ms * 1000);
  return eventOf({
    name: held.name,
    base_id,
    trace_id,
    parent_id,
    timestamp,
    info: payload['info'],
    project,
    service,
  });
}

/** When the trace began, in microseconds since 1970: reports count from there, in whole milliseconds. */
function beginningFrom(held: Held): number {
  return (parseTimestamp(held.event?.timestamp ?? '') ?? 0) - (millisecondsOf(held) ?? 0) * 1000;
}

function millisecondsOf({ name, info }: Held): number | undefined {
  const ms = info[isStop({ name }) ? 'finished' : 'started'];
  return typeof ms === 'number' && ms >= 0 && ms <= maxMilliseconds ? Math.trunc(ms) : undefined;
}

/** A time as events have it; '' if it is none that a date can tell. */
function stamp(micros: number): string {
  const date = new Date(Math.floor(micros / 1000));
  const digits = String(micros - date.getTime() * 1000).padStart(3, '0');
  return Number.isNaN(date.getTime()) ? '' : date.toISOString().slice(0, -1) + digits;
}

function membersOf(value: unknown): Members | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Members)
    : undefined;
}
