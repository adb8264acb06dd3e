// Starts and stops points, and sends their events on.
//
// A point is one small object with its context. Each end is one call of the sink, which writes a record into the
// ring at once. Nothing is kept for later, so a crash or a hang shows as a point without a stop.
//
// The price: in a loop, a point with both of its events takes 0.4 to 0.7 µs (docs/costs.md).
import type { Context } from './context.js';
import { hold, release } from './trace.js';
import type { Info } from './event.js';
import { newPointId } from './ids.js';
import type { FixedInfo } from './info.js';
import { type Top, noteClosed, noteOpen } from './tops.js';
import type { OwnName, PointInfo, PointName } from './vocabulary.js';

/** A piece of work with a start and a stop, between its two events. */
export interface Point {
  /** The context of the point's own work: a point that starts there is its child. */
  readonly context: Context;
  readonly holds: boolean;
  /** Whether it is below no other point of this thread. */
  readonly isTop: boolean;
  /** How the thread's list of such points has it. */
  top: Top | undefined;
  stopped: boolean;
}

/** Which of a point's two events it is. */
export type Message = 'start' | 'stop';

/** The info that a point has at its start or its stop. */
export type Payload = Info | FixedInfo | undefined;

/**
 * Takes an event when it happens; never throws.
 *
 * @param tellsCpu whether the event says how much CPU time the process has taken
 * @param at the time of the event, if it is not now, in milliseconds on the monotonic clock
 */
export type Sink = (
  context: Context,
  message: Message,
  info: Payload,
  tellsCpu: boolean,
  at?: number,
) => void;

// Until the agent connects an exporter, events go nowhere.
let sink: Sink = () => {};

/** Connects the points to the exporter, which carries their events away. */
export function connect(to: Sink): void {
  sink = to;
}

/**
 * Sends a point of the past.
 *
 * @param at the time of its start, in milliseconds on the monotonic clock
 * @param until the time of its stop; the same if not given
 */
export function markPoint<Name extends PointName>(
  name: Name,
  parent: Context,
  info: PointInfo<Name>,
  at: number,
  until = at,
): void {
  const { trace, id, outer } = parent;
  const context: Context = {
    trace,
    id: newPointId(),
    parent: id,
    point: name,
    library: '',
    outer,
    isOpen: false,
    isCarriedOn: false,
  };
  sink(context, 'start', info, false, at);
  sink(context, 'stop', undefined, false, until);
}

/** What a point says at its start: the application's own may say anything. */
type StartInfo<Name> = Name extends PointName ? PointInfo<Name> : Payload;

/**
 * Starts a point below a context and sends its start event.
 *
 * @param name the point's name, without a dash, because OSProfiler's readers cut it there
 * @param holds whether the trace stays live while the point is open; not so for work that may outlive its request
 *   by hours, such as a thread of a pool
 * @param library the library whose call the point is, by which the library's inner calls are recognised
 */
export function startPoint<Name extends PointName | OwnName>(
  name: Name,
  parent: Context,
  info: StartInfo<Name>,
  holds = true,
  library = '',
): Point {
  const { trace } = parent;
  const id = newPointId();
  const outer = openFrom(parent);
  const context: Context = {
    trace,
    id,
    parent: parent.id,
    point: name,
    library,
    outer,
    isOpen: holds,
    isCarriedOn: false,
  };
  const isTop = parent.point === '';
  const point: Point = { context, holds, isTop, top: undefined, stopped: false };
  if (isTop) trace.top ??= id;
  if (holds) hold(trace, isTop);
  sink(context, 'start', info, isTop);
  if (isTop) point.top = noteOpen(context);
  return point;
}

/**
 * How long a point has to last for its stop to tell the CPU time, in milliseconds: reading it would double the price of
 * a short one, of which it says little.
 */
const shortestToldMs = 10;

/** Stops a point and sends its stop event; a second stop does nothing. */
export function stopPoint(point: Point, info?: Payload): void {
  if (point.stopped) return;
  point.stopped = true;
  const { context } = point;
  context.isOpen = false;
  const { top } = point;
  if (top !== undefined) noteClosed(top);
  sink(context, 'stop', info, top !== undefined && top.stopped - top.started >= shortestToldMs);
  if (point.holds) release(context.trace, point.isTop);
}

/** Lets an open point not keep its trace live until it is resumed, which may never happen. */
export function suspendPoint({ context, isTop }: Point): void {
  context.isOpen = false;
  release(context.trace, isTop);
}

/** Lets the point keep its trace live again. */
export function resumePoint({ context, isTop, stopped }: Point): void {
  if (stopped || context.isOpen) return;
  context.isOpen = true;
  hold(context.trace, isTop);
}

/**
 * The nearest open point, from a context upwards. Stopped points are left out, because chains of them would grow
 * forever.
 */
function openFrom(context: Context): Context | undefined {
  let each: Context | undefined = context;
  while (each !== undefined && !each.isOpen) each = each.outer;
  return each;
}

// An application's points have few names, and to look at one costs as much as to write its event.
const safeNames = new Map<string, OwnName>();
const mostSafeNames = 200;
const maxNameLength = 100;

// Not a literal: V8 reads literals together with the code that contains them, and sets of Unicode take it a while.
let unsafe: RegExp | undefined;

/**
 * A name that is safe in an event: without dashes, quotes and control characters, and not endless. JavaScript code
 * may pass anything.
 */
export function pointName(name: unknown): OwnName {
  const known = safeNames.get(name as string);
  if (known !== undefined) return known;
  // An object's own `toString` may throw, or take a minute.
  const text = Object(name) === name ? '' : String(name);
  unsafe ??= new RegExp('[^\\p{L}\\p{N}_.:/ ]', 'gu');
  // Written as a name may have it.
  const mark = text.length > maxNameLength ? `... ${text.length} characters` : '';
  const safe = ((text.slice(0, maxNameLength - mark.length).replace(unsafe, '_') || 'point') +
    mark) as OwnName;
  if (typeof name === 'string' && mark === '' && safeNames.size < mostSafeNames) safeNames.set(name, safe);
  return safe;
}
