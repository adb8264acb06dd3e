// Which finding each part of the critical path proves.
import { failureIn } from '../../trace/failed.js';
import type { Analysis } from '../analysis/analyse.js';
import type { Span } from '../analysis/span.js';
import type { Finding } from '../findings/finding.js';
import { isPause } from '../findings/stretches.js';
import { isMerged } from './columns.js';
import { isAbout } from './found.js';
import type { Gap } from './gaps.js';
import type { Slice } from './slices.js';

/**
 * Gives the number of the first finding that a slice proves, from 1 on; 0 for none.
 *
 * @param causes the findings in their order
 * @param gaps the gap that each of them is about, if it is about one
 */
export function causesBySlice(
  causes: readonly Finding[],
  gaps: readonly (Gap | undefined)[],
  analysis: Analysis,
): (slice: Slice, owner: Span) => number {
  const byGap = new Map(
    gaps.flatMap((gap, index) => (gap?.slice === undefined ? [] : [[gap.slice, index + 1]])),
  );
  const bySpan = new Map<Span, number[]>();
  const byPause = new Map<Span, number>();
  for (const [index, { kind, points }] of causes.entries()) {
    if (gaps[index] !== undefined) continue;
    for (const point of points) {
      const span = analysis.spanOf(point);
      if (span === undefined) continue;
      if (kind === 'retries' && span.parent !== undefined) byPause.set(span.parent, index + 1);
      // The try that succeeded is no part of what failed.
      if (kind === 'retries' && failureIn(point.stopInfo ?? {}) === undefined) continue;
      const numbers = bySpan.get(span);
      if (numbers === undefined) bySpan.set(span, [index + 1]);
      else numbers.push(index + 1);
    }
  }
  const numbersOf = (span: Span | undefined): readonly number[] =>
    (span === undefined ? undefined : bySpan.get(span)) ?? [];
  return (slice, owner) => {
    const own = byGap.get(slice) ?? (isPause(slice.stretch) ? byPause.get(slice.span) : undefined);
    if (own !== undefined) return own;
    // A call and its statement are proof of the same.
    const above = isMerged(slice.span) ? slice.span.parent : undefined;
    const numbers = [...numbersOf(owner), ...numbersOf(slice.span), ...numbersOf(above)];
    return numbers.find((number) => isAbout(causes[number - 1]!.kind, slice.pattern)) ?? 0;
  };
}
