// Puts points on lanes, on which slices may lie within each other but not overlap: viewers draw a thread so.
import { spansOf } from '../analysis/spans.js';
import type { Tree, TreePoint } from '../tree.js';

/** What ran in one process; points that do not say their process are told apart by service and host. */
export interface Process {
  readonly number: number;
  readonly service: string;
  readonly host: string;
  /** The system's number; '' if no point says it. */
  readonly pid: string;
}

/** A row of slices. Its number is unique among those of lanes and, but for the first of a process, of processes. */
export interface Lane {
  readonly number: number;
  readonly process: Process;
  /** The thread's event loop, as its points name it; '' if they do not. */
  readonly loop: string;
  /** Which lane of this loop it is, from 1 on. */
  readonly nth: number;
}

/** A point with its place. */
export interface Placed {
  readonly point: TreePoint;
  readonly lane: Lane;
  /** The point above, if it is stored. */
  readonly above: TreePoint | undefined;
  /** Whether it lies within the slice of that one. */
  readonly isWithin: boolean;
  /** Microseconds, by the clock of the trace's first host. */
  readonly from: number;
  /** Infinity for a point that has not ended. */
  readonly to: number;
}

interface OpenLane extends Lane {
  /** When its outermost slice ends. */
  end: number;
  readonly slices: { readonly point: TreePoint; readonly to: number }[];
}

interface Group {
  readonly process: Process;
  readonly loop: string;
  /** A heap of lanes; the first of it is free first. */
  readonly lanes: OpenLane[];
}

/**
 * Puts each point on a lane of its process and event loop: below the point above it, if it lies within that one and
 * beside no other, or else on a lane that is free. So no slice lies below one that did not call it.
 *
 * @returns the points in the order of their starts, each after the point above it if both start at once; and the
 *   moment that the times count from, in microseconds since the trace's first event: 0 or less
 */
export function placeOnLanes(tree: Tree): { readonly placed: readonly Placed[]; readonly first: number } {
  const { limits, first } = limitsIn(tree);
  const processes = new Map<string, Process>();
  const groups = new Map<string, Group>();
  const lanes = new Map<TreePoint, OpenLane>();
  let count = 0;

  const groupFor = (point: TreePoint): Group => {
    const { service, host } = point;
    const loop = loopOf(point);
    const key = JSON.stringify([service, host, loop]);
    let group = groups.get(key);
    if (group !== undefined) return group;
    const pid = /^(\d+)\.\d+$/.exec(loop)?.[1] ?? '';
    const processKey = JSON.stringify([service, host, pid]);
    let process = processes.get(processKey);
    if (process === undefined) {
      process = { number: ++count, service: service ?? '', host: host ?? '', pid };
      processes.set(processKey, process);
    }
    groups.set(key, (group = { process, loop, lanes: [] }));
    return group;
  };

  const isMain = new Set<Process>();
  const addLane = ({ process, loop, lanes: { length } }: Group): OpenLane => {
    // Viewers take the thread with the number of its process for the main one.
    const number = isMain.has(process) ? ++count : process.number;
    isMain.add(process);
    return { number, process, loop, nth: length + 1, end: 0, slices: [] };
  };

  const placed = inOrder(tree, limits).map(({ point, above }) => {
    const { from, to } = limits(point);
    const group = groupFor(point);
    let lane = above && lanes.get(above);
    const isWithin = lane !== undefined && isOf(lane, group) && fits(lane, above, from, to);
    if (lane === undefined || !isWithin) {
      lane = freeLane(group.lanes, from) ?? addLane(group);
      lane.end = to;
      lane.slices.length = 0;
      push(group.lanes, lane);
    }
    lane.slices.push({ point, to });
    lanes.set(point, lane);
    return { point, lane, above, isWithin, from, to };
  });
  return { placed, first };
}

const isOf = (lane: Lane, { process, loop }: Group): boolean =>
  lane.process === process && lane.loop === loop;

/** Whether a slice lies within that of the point above, and no other one is open on the lane by then. */
function fits({ slices }: OpenLane, above: TreePoint | undefined, from: number, to: number): boolean {
  for (let top = slices.at(-1); top !== undefined; top = slices.at(-1)) {
    if (top.point === above) return to <= top.to;
    if (top.to > from) return false;
    slices.pop();
  }
  return false;
}

/** The part of the trace in which a point is drawn. A point without a start is drawn at its end. */
type Limits = (point: TreePoint) => { readonly from: number; readonly to: number };

/** By the clock of the trace's first host: a callee lies within the wait of its caller, as far as that is known. */
function limitsIn(tree: Tree): { readonly limits: Limits; readonly first: number } {
  const { offsets } = spansOf(tree);
  const offsetOf = ({ host }: TreePoint): number => (host === null ? 0 : (offsets.get(host) ?? 0));
  const startOf = (point: TreePoint): number => (point.started ?? point.finished ?? 0) + offsetOf(point);
  // Perfetto drops what is before zero.
  const first =
    offsets.size === 0 ? 0 : tree.points.reduce((least, point) => Math.min(least, startOf(point)), 0);
  const limits: Limits = (point) => {
    const from = startOf(point) - first;
    const to = point.finished === undefined ? Infinity : point.finished + offsetOf(point) - first;
    return { from, to: Math.max(from, to) };
  };
  return { limits, first };
}

/** Without recursion: a trace may be deeper than the stack. */
function inOrder({ roots }: Tree, limits: Limits): { point: TreePoint; above: TreePoint | undefined }[] {
  const ordered: { point: TreePoint; above: TreePoint | undefined }[] = [];
  const open = roots.toReversed().map((point) => ({ point, above: undefined as TreePoint | undefined }));
  for (let each = open.pop(); each !== undefined; each = open.pop()) {
    ordered.push(each);
    const { point } = each;
    for (let i = point.children.length - 1; i >= 0; i--)
      open.push({ point: point.children[i]!, above: point });
  }
  return ordered.toSorted((a, b) => limits(a.point).from - limits(b.point).from);
}

/** The event loop in which a point ran, as the agent names it: the process and the thread. */
function loopOf({ startInfo, stopInfo }: TreePoint): string {
  for (const info of [startInfo, stopInfo]) {
    const { id } = Object(info?.['loop']) as { readonly id?: unknown };
    if (typeof id === 'string') return id;
  }
  return '';
}

/** Takes out the lane that is free first, if it is free by then. */
function freeLane(heap: OpenLane[], from: number): OpenLane | undefined {
  const [first] = heap;
  if (first === undefined || first.end > from) return undefined;
  const last = heap.pop()!;
  if (last === first) return first;
  let at = 0;
  for (;;) {
    const left = 2 * at + 1;
    if (left >= heap.length) break;
    const child = left + 1 < heap.length && isSooner(heap[left + 1]!, heap[left]!) ? left + 1 : left;
    if (!isSooner(heap[child]!, last)) break;
    heap[at] = heap[child]!;
    at = child;
  }
  heap[at] = last;
  return first;
}

function push(heap: OpenLane[], lane: OpenLane): void {
  let at = heap.length;
  for (;;) {
    const above = (at - 1) >> 1;
    if (at === 0 || !isSooner(lane, heap[above]!)) break;
    heap[at] = heap[above]!;
    at = above;
  }
  heap[at] = lane;
}

const isSooner = (a: OpenLane, b: OpenLane): boolean =>
  a.end < b.end || (a.end === b.end && a.number < b.number);
