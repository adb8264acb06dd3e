// The stretches of points that have a row of their own: waiting, a blocked loop, nothing recorded, garbage collection.
import { about, isWork } from '../about.js';
import type { Analysis } from '../analysis/analyse.js';
import type { Segment } from '../analysis/partition.js';
import type { Span } from '../analysis/span.js';
import { betweenOf } from '../findings/blocked.js';
import { loopStateIn } from '../findings/stretches.js';
import type { PageGap, Pattern } from './page-trace.js';
import type { Slice } from './slices.js';

/** A gap, with the point that it lies in. */
export interface Gap extends Omit<PageGap, 'parent' | 'finding'> {
  readonly span: Span;
  /** The slice of the path that it is; undefined for a collection of garbage. */
  readonly slice: Slice | undefined;
}

/** From which part of the duration on a gap has a row. */
const leastShare = 0.01;

/** All gaps that are worth a row. Their times are still those of the analysis. */
export function gapsOf(analysis: Analysis, slices: readonly Slice[]): readonly Gap[] {
  const least = Math.max(1, analysis.duration * leastShare);
  const onPath = slices.flatMap((slice): Gap[] => {
    const { span, from, to, pattern, what, isGap } = slice;
    if (pattern === 'work' || !isGap || to - from < least) return [];
    const detail = pattern === 'wait' ? '' : detailOf({ span, from, to, what: 'gap' }, pattern, analysis);
    return [{ span, slice, from, to, pattern, label: what, detail, onPath: true }];
  });
  return [...onPath, ...collectionsIn(analysis, least)];
}

/** `between select … and GET … · event loop waiting` */
function detailOf(segment: Segment, pattern: Pattern, analysis: Analysis): string {
  const state = pattern === 'none' ? loopStateIn(segment, analysis) : '';
  return betweenOf(segment, analysis) + (state === '' ? '' : ` · event loop ${state}`);
}

/** The collections of garbage, during which a thread does nothing else. */
function collectionsIn({ spans }: Analysis, least: number): Gap[] {
  return spans.flatMap((span) =>
    span.point.children.flatMap((note): Gap[] => {
      const { name, started, finished } = note;
      if (name !== 'gc' || isWork(note) || started === undefined || finished === undefined) return [];
      if (finished - started < least) return [];
      return [
        {
          span,
          slice: undefined,
          from: started + span.offset,
          to: finished + span.offset,
          pattern: 'blocked',
          label: 'garbage collection',
          detail: about(note).subject,
          onPath: false,
        },
      ];
    }),
  );
}
