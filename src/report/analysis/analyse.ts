// Analyses a trace for those who look for causes: corrected times, the critical path, what the event loops did.
import type { Tree, TreePoint } from '../tree.js';
import { Loops } from './loops.js';
import { type Segment, type Stay, partition } from './partition.js';
import type { Span } from './span.js';
import { spansOf } from './spans.js';

/** A trace, with all times in microseconds since its first event by the clock of its first host. */
export interface Analysis {
  readonly tree: Tree;
  /** The point that the duration is the time of. */
  readonly root: Span;
  /** All points that are work, each after its parent. */
  readonly spans: readonly Span[];
  /** Its whole time: that of its only root, or from the first to the last of several. */
  readonly duration: number;
  /** The parts of the duration, in the order of time. */
  readonly segments: readonly Segment[];
  /** The points on the critical path. */
  readonly stays: ReadonlyMap<Span, Stay>;
  readonly loops: Loops;
  /** The time that each host's clock was set forward by; only of hosts whose clock was wrong. */
  readonly offsets: ReadonlyMap<string, number>;
  spanOf(point: TreePoint): Span | undefined;
}

export function analyse(tree: Tree): Analysis {
  const { root, all, offsets } = spansOf(tree);
  const { segments, stays } = partition(root);
  let byPoint: ReadonlyMap<TreePoint, Span> | undefined;
  return {
    tree,
    root,
    spans: all,
    duration: root.to - root.from,
    segments,
    stays,
    loops: new Loops(all),
    offsets,
    spanOf(point) {
      byPoint ??= new Map(all.map((span) => [span.point, span]));
      return byPoint.get(point);
    },
  };
}

/** Makes a function of an analysis that is worked out once for each: several detectors need the same. */
export function oncePerAnalysis<Result>(
  work: (analysis: Analysis) => Result,
): (analysis: Analysis) => Result {
  const known = new WeakMap<Analysis, { readonly result: Result }>();
  return (analysis) => {
    const found = known.get(analysis) ?? { result: work(analysis) };
    known.set(analysis, found);
    return found.result;
  };
}
