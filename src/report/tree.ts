// Builds the tree of a trace from its events.
import type { Event, Info } from '../trace/event.js';
import { parseTimestamp } from '../trace/parse.js';

/** A point according to its events. All times are microseconds since the trace's first timestamp. */
export interface TreePoint {
  /** The name of its events up to the first dash. */
  readonly name: string;
  readonly trace_id: string;
  readonly parent_id: string;
  readonly project: string | null;
  readonly service: string | null;
  readonly host: string | null;
  /** In the order in which they were read: start and stop, or one of them; more if something was stored twice. */
  readonly events: readonly Event[];
  /** Undefined if no start was stored. */
  readonly started: number | undefined;
  /** Undefined if no stop was stored: the point is unfinished. */
  readonly finished: number | undefined;
  readonly startInfo: Info | undefined;
  readonly stopInfo: Info | undefined;
  /** Ordered by their start; those with the same start in the order in which they were read. */
  readonly children: readonly TreePoint[];
}

/** Everything that was stored of a trace. */
export interface Tree {
  readonly base_id: string;
  /** The first timestamp, in microseconds since 1970. */
  readonly startedAt: number;
  /** From the first timestamp to the last, in microseconds. */
  readonly total: number;
  /** When the last point started; undefined if no start was stored. */
  readonly lastStarted: number | undefined;
  /** In the order in which they were read. */
  readonly points: readonly TreePoint[];
  /** The points whose parent was not stored: the trace itself, or a point that was lost. */
  readonly roots: readonly TreePoint[];
}

type Draft = { -readonly [Key in keyof TreePoint]: TreePoint[Key] } & {
  events: Event[];
  readonly children: Draft[];
};

/**
 * Builds the tree of a trace from its events, in whatever order they are, however many of them are missing or
 * doubled, and however deep the tree is. A point that is its own parent, and each member of a circle of parents,
 * becomes a root, so nothing that was stored stays hidden.
 *
 * @param events of one trace, at least one
 * @param grain children are ordered by whole steps of this many microseconds
 */
export function buildTree(events: readonly Event[], grain = 1): Tree {
  const micros = events.map((event) => parseTimestamp(event.timestamp) ?? 0);
  const first = micros.reduce((a, b) => Math.min(a, b), Infinity);
  const drafts = new Map<string, Draft>();
  let total = 0;
  let lastStarted: number | undefined;
  for (const [index, event] of events.entries()) {
    const at = micros[index]! - first;
    let draft = drafts.get(event.trace_id);
    if (draft === undefined) {
      draft = draftOf(event);
      drafts.set(event.trace_id, draft);
    } else if (draft.events.length === 1) {
      // Nearly all have two. A list that grows takes room for sixteen more.
      draft.events = [draft.events[0]!, event];
    } else {
      draft.events.push(event);
    }
    if (isStop(event)) {
      draft.finished = at;
      draft.stopInfo = event.info;
    } else {
      draft.started = at;
      draft.startInfo = event.info;
      lastStarted = Math.max(lastStarted ?? 0, at);
    }
    total = Math.max(total, at);
  }
  const points = [...drafts.values()];
  const roots = link(points, drafts);
  const step = (point: TreePoint): number => Math.trunc((point.started ?? point.finished ?? 0) / grain);
  const byStart = (a: TreePoint, b: TreePoint): number => step(a) - step(b);
  roots.sort(byStart);
  for (const point of points) point.children.sort(byStart);
  return { base_id: events[0]?.base_id ?? '', startedAt: first, total, lastStarted, points, roots };
}

/** OSProfiler tells the two kinds of events apart only by this. */
export function isStop(event: Pick<Event, 'name'>): boolean {
  return event.name.endsWith('stop');
}

function draftOf(event: Event): Draft {
  const { name, trace_id, parent_id, project, service, info } = event;
  const dash = name.indexOf('-');
  return {
    name: dash < 0 ? name : name.slice(0, dash),
    trace_id,
    parent_id,
    project,
    service,
    host: typeof info['host'] === 'string' ? info['host'] : null,
    events: [event],
    started: undefined,
    finished: undefined,
    startInfo: undefined,
    stopInfo: undefined,
    children: [],
  };
}

function link(points: readonly Draft[], byId: ReadonlyMap<string, Draft>): Draft[] {
  const roots: Draft[] = [];
  for (const point of points) (byId.get(point.parent_id)?.children ?? roots).push(point);
  if (countBelow(roots) === points.length) return roots;
  // Somewhere is a circle of parents, which no path from above leads to.
  const circling = circles(points, byId);
  roots.length = 0;
  for (const point of points) point.children.length = 0;
  for (const point of points) {
    const parent = circling.has(point) ? undefined : byId.get(point.parent_id);
    (parent?.children ?? roots).push(point);
  }
  return roots;
}

/** How many points there are at and below these. */
function countBelow(roots: readonly Draft[]): number {
  const open = [...roots];
  let count = 0;
  for (let point = open.pop(); point !== undefined; point = open.pop()) {
    count++;
    for (const child of point.children) open.push(child);
  }
  return count;
}

/** The points that are their own ancestors: no path leads to them from above. */
function circles(points: readonly Draft[], byId: ReadonlyMap<string, Draft>): Set<Draft> {
  const circling = new Set<Draft>();
  const walks = new Map<Draft, Draft>();
  for (const walk of points) {
    let point: Draft | undefined = walk;
    while (point !== undefined && !walks.has(point)) {
      walks.set(point, walk);
      point = byId.get(point.parent_id);
    }
    // A point that is met again in the same walk is part of a circle.
    if (point === undefined || walks.get(point) !== walk) continue;
    while (!circling.has(point)) {
      circling.add(point);
      point = byId.get(point.parent_id)!;
    }
  }
  return circling;
}
