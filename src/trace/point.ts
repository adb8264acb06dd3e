import { timestamp } from './clock.js';
import { type Context, hold, release } from './context.js';
import type { Info } from './event.js';
import { newId } from './ids.js';
import { stringifyInfo } from './info.js';

/** Something with a start and a stop, between its two events. */
export interface Point {
  /** Where the point's own work runs: what starts there is its child. */
  readonly context: Context;
  readonly holds: boolean;
  stopped: boolean;
}

/** Takes one event: a line of JSON without a newline. */
export type Sink = (line: string) => void;

// Until the agent connects an exporter, events go nowhere.
let sink: Sink = () => {};
let tail = '';
let infoTail = '';

/** Connects the points to what carries their events away, and names the service that sends them. */
export function connect(to: Sink, names: { host: string; project: string; service: string }): void {
  sink = to;
  infoTail = `"host":${JSON.stringify(names.host)}}`;
  tail = `,"project":${JSON.stringify(names.project)},"service":${JSON.stringify(names.service)}}`;
}

/**
 * Starts a point below a context and sends its start event.
 *
 * @param name the point's name, without a dash: OSProfiler's readers cut it there
 * @param holds whether the trace stays live for as long as the point is open; not so for what may outlive
 *   its request by hours, as a thread of a pool does
 * @param library whose call the point is, so that the library's inner calls can tell
 */
export function startPoint(
  name: string,
  parent: Context,
  info: Info | undefined,
  holds = true,
  library = '',
): Point {
  const { trace } = parent;
  const context: Context = { trace, id: newId(), parent_id: parent.id, point: name, library };
  const point: Point = { context, holds, stopped: false };
  if (holds) hold(trace);
  send(context, 'start', info);
  return point;
}

/** Stops a point and sends its stop event; a second stop does nothing. */
export function stopPoint(point: Point, info?: Info): void {
  if (point.stopped) return;
  point.stopped = true;
  send(point.context, 'stop', info);
  if (point.holds) release(point.context.trace);
}

// Written by hand: half the price of `JSON.stringify` of the whole event. Ids are UUIDs and names are
// made safe where they come in, so that neither needs escapes.
function send(context: Context, message: 'start' | 'stop', info: Info | undefined): void {
  const { trace } = context;
  const text = info === undefined ? '{' : stringifyInfo(info);
  sink(
    `{"name":"${context.point}-${message}","base_id":"${trace.base_id}","trace_id":"${context.id}",` +
      `"parent_id":"${context.parent_id}","timestamp":"${timestamp(trace.anchoredMs)}","info":` +
      `${text}${text.length === 1 ? '' : ','}${infoTail}${tail}`,
  );
}

/**
 * A name that is safe in an event: no dash, no quotes, no control characters, and not endless. JavaScript
 * may pass anything.
 */
export function pointName(name: unknown): string {
  // An object's own words may throw, or take a minute.
  const text = Object(name) === name ? '' : String(name);
  return text.slice(0, 100).replace(/[^\p{L}\p{N}_.:/ ]/gu, '_') || 'point';
}
