// Garbage collection on the critical path.
import { count } from '../../trace/count.js';
import type { Analysis } from '../analysis/analyse.js';
import type { TreePoint } from '../tree.js';
import { betweenOf, isOwnCode } from './blocked.js';
import { blocksOf } from './blocks.js';
import { collectedIn, collectionsOf, overlapWith } from './collections.js';
import { type Detector, matters } from './finding.js';
import { soonerBy, timeOf } from './words.js';

/** Finds garbage collection that took a part of the critical path. */
export const findCollections: Detector = (analysis) => {
  const { points, count: many } = collectionsOf(analysis);
  if (points.length === 0) return [];
  const proof = new Set<TreePoint>();
  let explains = 0;
  for (const segment of analysis.segments) {
    const collected = collectedIn(segment, analysis);
    if (collected === 0) continue;
    explains += collected;
    for (const gc of points) if (overlapWith(gc, segment) > 0) proof.add(gc);
  }
  if (!matters(explains, analysis, { share: 0.1, micros: 20_000 })) return [];
  return [
    {
      kind: 'garbage-collection',
      sentence: `Garbage collection took ${timeOf(explains, analysis)}, in ${count(many, 'collection')}${whereOf(explains, analysis)}.`,
      explains,
      wins: explains,
      points: [...proof],
      advice: `Make fewer objects: read in pieces, and keep less in memory; or give Node more (--max-semi-space-size, --max-old-space-size).${soonerBy(explains, analysis)}`,
    },
  ];
};

/** The block in which most of the garbage was collected. */
function whereOf(all: number, analysis: Analysis): string {
  const [most] = blocksOf(analysis).toSorted((a, b) => b.collected - a.collected);
  if (most === undefined || most.collected * 2 < all) return '';
  return isOwnCode(most)
    ? `, while this request’s own code ran ${betweenOf(most.segment, analysis)}`
    : `, most of it ${betweenOf(most.segment, analysis)}`;
}
