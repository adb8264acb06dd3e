// Writes a trace as Trace Event JSON, which ui.perfetto.dev and Chrome draw on a timeline.
import { asciiJson } from '../../trace/ascii.js';
import { about, failureOf } from '../about.js';
import { clean, cut, duration } from '../format.js';
import type { Tree, TreePoint } from '../tree.js';
import { type Lane, type Placed, placeOnLanes } from './lanes.js';

const maxNameLength = 200;

/**
 * Writes a trace as Trace Event JSON, in pieces: a process for each process or service on a host, a thread for each
 * event loop, further ones for what overlaps, a slice for each point, and an arrow from each point to those that it
 * called elsewhere. Times are microseconds since the trace's first event, and those of hosts whose clocks are wrong are
 * corrected as the findings' are. A point without an end is a slice that
 * stays open, and one without a start is a moment at its end.
 */
export function* stringifyPerfetto(tree: Tree): Generator<string> {
  const { placed, first } = placeOnLanes(tree);
  // Perfetto reads no further than the first name that it does not know, so this one comes first.
  yield '{"traceEvents":[';
  let between = '\n';
  for (const event of events(placed)) {
    yield `${between}${asciiJson(JSON.stringify(event))}`;
    between = ',\n';
  }
  const other = { trace: tree.base_id, started_at: iso(tree.startedAt + first), written_by: 'ostrace' };
  yield `\n],"otherData":${asciiJson(JSON.stringify(other))}}\n`;
}

/** An event of the format; the names are its own. */
type TraceEvent = Readonly<Record<string, unknown>>;

function* events(placed: readonly Placed[]): Generator<TraceEvent> {
  for (const lane of new Set(placed.map((each) => each.lane))) yield* namesOf(lane);
  const places = new Map(placed.map((each, index) => [each.point, { ...each, id: index + 1 }]));
  for (const [point, place] of places) {
    yield slice(place);
    // An arrow begins in the slice that is open when the arrow is read, so it follows the slice at once.
    for (const child of point.children) {
      const called = places.get(child)!;
      if (isElsewhere(called, place)) yield arrow('s', called.id, place);
    }
    const caller = place.above && places.get(place.above)!;
    if (caller !== undefined && isElsewhere(place, caller)) yield { ...arrow('f', place.id, place), bp: 'e' };
  }
}

/** Whether an arrow tells who called: not if the slices lie within each other, and not back in time. */
function isElsewhere(called: Placed, caller: Placed): boolean {
  return !called.isWithin && hasStart(called) && hasStart(caller) && called.from >= caller.from;
}

const hasStart = ({ point }: Placed): boolean => point.started !== undefined;

function* namesOf({ number, nth, loop, process }: Lane): Generator<TraceEvent> {
  if (number === process.number) {
    const pid = process.pid === '' ? '' : `pid ${process.pid}`;
    const parts = [process.service || '(no service)', process.host, pid].map(clean);
    yield metadata('process_name', process.number, number, {
      name: parts.filter((part) => part !== '').join(' · '),
    });
    yield metadata('process_sort_index', process.number, number, { sort_index: process.number });
  }
  const name = loop === '' ? 'points' : `event loop ${clean(loop)}`;
  yield metadata('thread_name', process.number, number, { name: nth === 1 ? name : `${name} (${nth})` });
  yield metadata('thread_sort_index', process.number, number, { sort_index: number });
}

function metadata(name: string, pid: number, tid: number, args: object): TraceEvent {
  return { ph: 'M', name, pid, tid, args };
}

function slice({ point, lane, from, to }: Placed): TraceEvent {
  const { label, subject } = about(point);
  const event = {
    name: cut(clean(`${label} ${subject}`), maxNameLength),
    // A comma would separate two categories.
    cat: clean(point.name).replaceAll(',', ' ') || 'point',
    ts: from,
    pid: lane.process.number,
    tid: lane.number,
    args: argumentsOf(point),
  };
  if (point.started === undefined) return { ph: 'i', s: 't', ...event };
  return to === Infinity ? { ph: 'B', ...event } : { ph: 'X', ...event, dur: to - from };
}

/** What is shown of a slice that is chosen. */
function argumentsOf(point: TreePoint): TraceEvent {
  const { name, trace_id, parent_id, service, host, started, finished, startInfo, stopInfo } = point;
  const failure = failureOf(point);
  const outcome = about(point).outcome.replace(/^· /, '');
  const isBackwards = started !== undefined && finished !== undefined && finished < started;
  return {
    point: name,
    ...(outcome !== '' && { outcome }),
    ...(failure !== undefined && { failed: failure || true }),
    ...(finished === undefined && { unfinished: true }),
    ...(started === undefined && { start_missing: true }),
    ...(isBackwards && { stored_duration: duration(finished - started) }),
    service,
    host,
    trace_id,
    parent_id,
    ...(startInfo !== undefined && { start: startInfo }),
    ...(stopInfo !== undefined && { stop: stopInfo }),
  };
}

function arrow(ph: 's' | 'f', id: number, { from, lane }: Placed): TraceEvent {
  return { ph, id, name: 'call', cat: 'call', ts: from, pid: lane.process.number, tid: lane.number };
}

const iso = (micros: number): string => new Date(Math.trunc(micros / 1000)).toISOString();
