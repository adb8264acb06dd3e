// Divides the critical path further than by its points: into waiting, blocked, working, and nothing recorded.
import type { Analysis } from '../analysis/analyse.js';
import type { Segment } from '../analysis/partition.js';
import type { Span } from '../analysis/span.js';
import { type Stretch, isPause, stretchOf } from '../findings/stretches.js';
import { waitsIn } from '../waits.js';
import type { Pattern } from './page-trace.js';

/** A part of a segment that passed in one way. */
export interface Slice {
  readonly span: Span;
  readonly from: number;
  readonly to: number;
  readonly pattern: Pattern;
  /** What it was, for everything but work: `waited for a connection of the pool`. */
  readonly what: string;
  /** The same in two words or three. */
  readonly short: string;
  /** Whether nothing at all is recorded below the point meanwhile. */
  readonly isGap: boolean;
  /** Its name, if no point accounts for it. */
  readonly stretch?: Stretch;
}

// Own code of this length is nothing that anybody would look for.
const leastUnrecorded = 2000;

/** The critical path in slices, in the order of time; each begins where the one before it ends. */
export function slicesOf(analysis: Analysis): readonly Slice[] {
  const least = Math.min(leastUnrecorded, analysis.duration / 50);
  return analysis.segments.flatMap((segment): readonly Slice[] => {
    const { span, from, to, what } = segment;
    const isGap = what !== 'self' || span.children.length > 0;
    const stretch = to - from < least ? undefined : stretchOf(segment, analysis);
    if (stretch !== undefined) {
      const short = isPause(stretch) ? 'pause' : stretch.what;
      return [{ span, from, to, isGap, pattern: stretch.pattern, what: stretch.what, short, stretch }];
    }
    const waited = waitsWithin(segment);
    const rest = { span, from: waited.at(-1)?.to ?? from, to, isGap };
    return rest.from === rest.to ? waited : [...waited, { ...rest, pattern: 'work', what: '', short: '' }];
  });
}

const none: readonly Slice[] = [];

/** The waits of a call that lie within a segment of it. */
function waitsWithin({ span, from, to }: Segment): readonly Slice[] {
  const all = waitsIn(span.point.stopInfo);
  if (all.length === 0) return none;
  const slices: Slice[] = [];
  let at = span.from;
  for (const { wait, micros } of all) {
    const start = Math.max(at, from);
    const end = Math.min(at + micros, to);
    at += micros;
    if (start >= end || start !== (slices.at(-1)?.to ?? from)) continue;
    const { what, short } = wait;
    slices.push({ span, from: start, to: end, pattern: 'wait', what, short, isGap: true });
  }
  return slices;
}
