// Adds traces up to figures: how long requests, kinds of points, and calls took. It keeps nothing of a trace but
// numbers, and no more groups than it is allowed to.
import { failureIn } from '../trace/failed.js';
import { isWork, tellsOfCalls } from './about.js';
import { Durations, Room, type Spread } from './durations.js';
import { type Subject, isStatementOf, subjectOf } from './subject.js';
import type { Tree, TreePoint } from './tree.js';

/** The figures of points that did the same. `count` is how many durations are known; the others are beside it. */
export interface GroupStats extends Spread {
  /** Points that failed. */
  readonly failed: number;
  /** Points without an end: a crash, a hang, or work that still goes on. */
  readonly unfinished: number;
  /** Points without a start, or with an end before their start. */
  readonly unmeasured: number;
}

/** Groups, the largest total first. */
export interface StatsTable<Key> {
  readonly groups: readonly (Key & GroupStats)[];
  /** What came when there were too many groups; null if nothing. */
  readonly others: GroupStats | null;
}

/** The figures of many traces. Times are in microseconds. */
export interface Stats {
  readonly traces: number;
  readonly points: number;
  readonly unfinished: number;
  readonly unmeasured: number;
  /** In how many traces calls were left out, so that some are not counted. */
  readonly incomplete: number;
  /** Incoming requests by service and route, and whatever else traces began with. */
  readonly routes: StatsTable<Subject>;
  readonly kinds: StatsTable<Pick<Subject, 'kind'>>;
  /** All other points by service, kind, and statement or call. */
  readonly calls: StatsTable<Subject>;
}

/** The most groups of each table. */
export interface Limits {
  readonly routes: number;
  readonly kinds: number;
  readonly calls: number;
}

const defaultLimits: Limits = { routes: 500, kinds: 200, calls: 2000 };

/** Adds the figures of traces up. */
export class StatsOf {
  readonly #routes: Groups<Subject>;
  readonly #kinds: Groups<Pick<Subject, 'kind'>>;
  readonly #calls: Groups<Subject>;
  #traces = 0;
  #points = 0;
  #unfinished = 0;
  #unmeasured = 0;
  #incomplete = 0;

  constructor(limits: Limits = defaultLimits, room: Room = new Room()) {
    this.#routes = new Groups(limits.routes, room);
    this.#kinds = new Groups(limits.kinds, room);
    this.#calls = new Groups(limits.calls, room);
  }

  add({ points, roots, base_id }: Tree): void {
    const parents = new Map(points.flatMap((parent) => parent.children.map((child) => [child, parent])));
    const beginnings = new Set(roots.filter(({ parent_id }) => parent_id === base_id));
    const work = points.filter(isWork);
    for (const point of work) {
      const measured = measure(point);
      this.#kinds.add({ kind: point.name }, measured);
      const isBeginning = point.name === 'wsgi' || beginnings.has(point);
      // The call of which it is the statement has its name already.
      if (isBeginning || !isStatementOf(point, parents.get(point))) {
        (isBeginning ? this.#routes : this.#calls).add(subjectOf(point), measured);
      }
      if (measured.length === 'unfinished') this.#unfinished++;
      if (measured.length === 'unmeasured') this.#unmeasured++;
    }
    this.#traces++;
    this.#points += work.length;
    if (points.some(tellsOfCalls)) this.#incomplete++;
  }

  result(): Stats {
    return {
      traces: this.#traces,
      points: this.#points,
      unfinished: this.#unfinished,
      unmeasured: this.#unmeasured,
      incomplete: this.#incomplete,
      routes: this.#routes.table(),
      kinds: this.#kinds.table(),
      calls: this.#calls.table(),
    };
  }
}

interface Measured {
  readonly length: number | 'unfinished' | 'unmeasured';
  readonly isFailed: boolean;
}

function measure({ started, finished, stopInfo }: TreePoint): Measured {
  const isFailed = failureIn(stopInfo ?? {}) !== undefined;
  if (finished === undefined) return { length: 'unfinished', isFailed };
  const length = started === undefined || finished < started ? 'unmeasured' : finished - started;
  return { length, isFailed };
}

class Group {
  readonly #durations: Durations;
  #failed = 0;
  #unfinished = 0;
  #unmeasured = 0;

  constructor(room: Room) {
    this.#durations = new Durations(room);
  }

  add({ length, isFailed }: Measured): void {
    if (isFailed) this.#failed++;
    if (length === 'unfinished') this.#unfinished++;
    else if (length === 'unmeasured') this.#unmeasured++;
    else this.#durations.add(length);
  }

  stats(): GroupStats {
    return {
      ...this.#durations.spread(),
      failed: this.#failed,
      unfinished: this.#unfinished,
      unmeasured: this.#unmeasured,
    };
  }
}

/** At most so many groups, of those that come first, and one for all that comes later. */
class Groups<Key extends Partial<Subject>> {
  readonly #most: number;
  readonly #room: Room;
  readonly #groups = new Map<string, { readonly key: Key; readonly group: Group }>();
  #others: Group | undefined;

  constructor(most: number, room: Room) {
    this.#most = most;
    this.#room = room;
  }

  add(key: Key, measured: Measured): void {
    const text = JSON.stringify(Object.values(key));
    const known = this.#groups.get(text);
    if (known !== undefined) {
      known.group.add(measured);
    } else if (this.#groups.size < this.#most) {
      const group = new Group(this.#room);
      group.add(measured);
      // Parsed, because a part of a text keeps all of it, and a stored text may be megabytes long.
      const copy = Object.keys(key).map((name, i) => [name, (JSON.parse(text) as unknown[])[i]]);
      this.#groups.set(text, { key: Object.fromEntries(copy) as Key, group });
    } else {
      this.#others ??= new Group(this.#room);
      this.#others.add(measured);
    }
  }

  table(): StatsTable<Key> {
    const groups = Array.from(this.#groups.values(), ({ key, group }) => ({ ...key, ...group.stats() }));
    return {
      groups: groups.toSorted((a, b) => b.total - a.total || b.count - a.count),
      others: this.#others?.stats() ?? null,
    };
  }
}
