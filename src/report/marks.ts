// Tells which points of a tree the trace waited for, which findings name them, and where nothing was recorded.
import type { Analysis } from './analysis/analyse.js';
import type { Segment } from './analysis/partition.js';
import type { Findings } from './findings/findings.js';
import { loopStateIn, stretchOf } from './findings/stretches.js';
import type { TreePoint } from './tree.js';

/** Some time of a point, on the critical path, that no point below it accounts for. */
export interface Gap {
  /** In microseconds since the trace's first event, by the clock of the point's host. */
  readonly from: number;
  readonly to: number;
  readonly service: string | null;
  readonly what: string;
  /** The state of the event loop meanwhile; '' if that is not known, or is said already. */
  readonly loop: string;
  /** The number of the finding that is about it. */
  readonly finding: number | undefined;
}

/** The marks of the critical path and the findings in a tree. */
export interface Marks {
  /** How many of the findings are shown above the tree, and have numbers. */
  readonly findings: number;
  isOnPath(point: TreePoint): boolean;
  /** The number of the first finding that names a point; undefined if none does. */
  findingOf(point: TreePoint): number | undefined;
  /** In the order of time. */
  gapsIn(point: TreePoint): readonly Gap[];
}

/** Shorter gaps are not worth a line. */
const leastShare = 0.01;

/**
 * Works out the marks of a trace.
 *
 * @param most how many of the findings are shown
 */
export function marksOf({ findings, analysis }: Findings, most: number): Marks {
  const shown = findings.slice(0, most);
  const numbers = new Map<TreePoint, number>();
  const ofSegments = new Map<Segment, number>();
  for (const [index, { points, segments }] of shown.entries()) {
    // A finding about a part of a point's time would make the whole point look like the cause.
    if (segments === undefined) {
      for (const point of points) if (!numbers.has(point)) numbers.set(point, index + 1);
    } else {
      for (const segment of segments) if (!ofSegments.has(segment)) ofSegments.set(segment, index + 1);
    }
  }
  const path = new Set<TreePoint>();
  for (const span of analysis.stays.keys()) path.add(span.point);
  const gaps = gapsOf(analysis, ofSegments);
  return {
    findings: shown.length,
    isOnPath: (point) => path.has(point),
    findingOf: (point) => numbers.get(point),
    gapsIn: (point) => gaps.get(point) ?? [],
  };
}

function gapsOf(
  analysis: Analysis,
  numbers: ReadonlyMap<Segment, number>,
): ReadonlyMap<TreePoint, readonly Gap[]> {
  const gaps = new Map<TreePoint, Gap[]>();
  for (const segment of analysis.segments) {
    const { span, from, to, what } = segment;
    if (to - from < analysis.duration * leastShare) continue;
    // A point without points below it is busy with its own work. A line below it for that would say nothing new.
    if (what === 'self' && !numbers.has(segment)) continue;
    const stretch = stretchOf(segment, analysis);
    if (stretch === undefined) continue;
    const state = stretch.pattern === 'blocked' ? '' : loopStateIn(segment, analysis);
    const gap: Gap = {
      from: from - span.offset,
      to: to - span.offset,
      service: span.point.service,
      what: stretch.what,
      loop: state === '' ? '' : `event loop ${state}`,
      finding: numbers.get(segment),
    };
    const known = gaps.get(span.point);
    if (known === undefined) gaps.set(span.point, [gap]);
    else known.push(gap);
  }
  return gaps;
}
