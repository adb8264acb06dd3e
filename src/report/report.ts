// Makes OSProfiler's report of a trace.
import type { StoredTrace } from '../drivers/driver.js';
import type { Event } from '../trace/event.js';
import { type Tree, type TreePoint, buildTree, isStop } from './tree.js';

/** A point in OSProfiler's report. */
export interface ReportPoint {
  /** Names and milliseconds, and each event as it was stored under `meta.raw_payload.<its name>`. */
  readonly info: Readonly<Record<string, unknown>>;
  readonly trace_id: string;
  readonly parent_id: string;
  readonly children: readonly ReportPoint[];
}

/** A trace as `osprofiler trace show --json` prints it. Times are milliseconds since its first event. */
export interface Report {
  readonly info: {
    readonly name: 'total';
    readonly started: 0;
    readonly finished: number;
    /** Null if no start was stored. */
    readonly last_trace_started: number | null;
  };
  readonly children: readonly ReportPoint[];
  readonly stats: Readonly<Record<string, { readonly count: number; readonly duration: number }>>;
}

const microsPerMillisecond = 1000;

// OSProfiler cuts each time before it subtracts or compares.
const milliseconds = (micros: number): number => Math.trunc(micros / microsPerMillisecond);

/**
 * Makes OSProfiler's report: the same fields in the same order with the same values. Where OSProfiler fails (a `Z`,
 * no fraction, no service, no host, a point that is its own parent), there is a report all the same, with null for
 * missing names.
 *
 * @param events of one trace in the order in which they were read, at least one
 * @param reported what the report shows of an event, if that is not the event itself
 */
export function buildReport(events: readonly Event[], reported?: StoredTrace['reported']): Report {
  const tree = buildTree(events, microsPerMillisecond);
  return {
    info: {
      name: 'total',
      started: 0,
      finished: milliseconds(tree.total),
      last_trace_started: tree.lastStarted === undefined ? null : milliseconds(tree.lastStarted),
    },
    children: convert(tree, reported),
    stats: statistics(tree),
  };
}

/** Each point is read on its own and then put below its parent, because a trace may be deeper than the stack. */
function convert(tree: Tree, reported: StoredTrace['reported']): readonly ReportPoint[] {
  const converted = new Map<TreePoint, ReportPoint & { children: ReportPoint[] }>();
  for (const point of tree.points) {
    const { trace_id, parent_id } = point;
    converted.set(point, { info: describe(point, reported), trace_id, parent_id, children: [] });
  }
  for (const [point, { children }] of converted) {
    for (const child of point.children) children.push(converted.get(child)!);
  }
  return tree.roots.map((root) => converted.get(root)!);
}

/** When a point started and finished. If one of the two was not stored, the other one stands for it. */
function limits(point: TreePoint): { started: number; finished: number } {
  const started = point.started ?? point.finished ?? 0;
  return { started: milliseconds(started), finished: milliseconds(point.finished ?? started) };
}

/** Python's dictionaries keep the order of insertion, so the order of the events shows in the report. */
function describe(point: TreePoint, reported: StoredTrace['reported']): Record<string, unknown> {
  const { name, project, service } = point;
  const { started, finished } = limits(point);
  const first = reported?.get(point.events[0]!);
  const info: Record<string, unknown> = { name, project, service, host: first ? first.host : point.host };
  for (const event of point.events) {
    info[`meta.raw_payload.${event.name}`] = reported?.get(event)?.payload ?? event;
    if (isStop(event)) {
      info['finished'] = finished;
      info['exception'] = 'etype' in event.info ? event.info['etype'] : 'None';
    } else {
      info['started'] = started;
    }
  }
  info['started'] = started;
  info['finished'] = finished;
  return info;
}

function statistics(tree: Tree): Report['stats'] {
  const stats = new Map<string, { count: number; duration: number }>();
  for (const point of tree.points) {
    const { started, finished } = limits(point);
    const entry = stats.get(point.name) ?? { count: 0, duration: 0 };
    entry.count++;
    entry.duration += finished - started;
    stats.set(point.name, entry);
  }
  // Not set by assignment, because a point may be called `__proto__`.
  return Object.fromEntries(stats);
}
