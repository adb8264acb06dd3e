// Loops that were busy without computing: the process did not get a processor, or waited in a call of the system.
import { type Analysis, oncePerAnalysis } from '../analysis/analyse.js';
import type { Span } from '../analysis/span.js';
import { numberFact } from '../facts.js';
import { duration } from '../format.js';
import { type Block, blocksOf } from './blocks.js';
import { type Detector, matters } from './finding.js';
import { nameOf, placeOf, timeOf } from './words.js';

interface Starved {
  /** The point whose start and stop say what the process has computed meanwhile. */
  readonly top: Span;
  readonly blocks: readonly Block[];
  /** How long the loop was busy in these blocks, in microseconds. */
  readonly busy: number;
  /** The most of it that can have been computing, in microseconds. */
  readonly computed: number;
}

/** A process that computed for less than this part of a time was kept from it. */
const leastComputed = 0.5;
/** Code that computes for longer than this is a cause of its own, however long it took on a busy machine. */
const mostComputed = 50_000;

/** The blocks in which nearly nothing was computed, by the points that say so. */
export const starvedIn = oncePerAnalysis((analysis): readonly Starved[] => {
  const byTop = new Map<Span, Block[]>();
  for (const block of blocksOf(analysis)) {
    const top = topOf(block.segment.span);
    if (top === undefined) continue;
    const blocks = byTop.get(top) ?? [];
    byTop.set(top, blocks);
    blocks.push(block);
  }
  return [...byTop].flatMap(([top, blocks]) => {
    const busy = blocks.reduce((sum, { loop }) => sum + loop.busy, 0);
    const computed = computedIn(top)!;
    return computed < busy * leastComputed && computed < mostComputed
      ? [{ top, blocks, busy, computed }]
      : [];
  });
});

/** The nearest point above, or the point itself, that says what its process has computed. */
function topOf(span: Span): Span | undefined {
  let top: Span | undefined = span;
  while (top !== undefined && computedIn(top) === undefined) top = top.parent;
  return top?.point.service === span.point.service && top.point.host === span.point.host ? top : undefined;
}

/** How long the process of a point computed, by all of its threads, in microseconds. */
function computedIn({ point: { startInfo, stopInfo } }: Span): number | undefined {
  const [before, after] = [numberFact(startInfo, 'loop', 'cpu_ms'), numberFact(stopInfo, 'loop', 'cpu_ms')];
  return before === undefined || after === undefined ? undefined : Math.max(0, (after - before) * 1000);
}

/** Finds processes that did not get on although they had work. */
export const findStarved: Detector = (analysis: Analysis) =>
  starvedIn(analysis).flatMap(({ top, blocks, busy, computed }) => {
    const explains = Math.round(busy - computed);
    if (!matters(explains, analysis, { share: 0.1, micros: 20_000 })) return [];
    return [
      {
        kind: 'starved',
        sentence: `The process of ${nameOf(top)}${placeOf(top, analysis)} had work for ${duration(busy)}, but used the CPU for ${duration(computed)} of it: it was off the CPU for ${timeOf(explains, analysis)}.`,
        explains,
        wins: undefined,
        points: [top.point, ...new Set(blocks.map(({ segment }) => segment.span.point))],
        segments: blocks.map(({ segment }) => segment),
        advice:
          'Check the load of the machine and the CPU limit of the container, and look for synchronous system calls, such as those on files.',
      },
    ];
  });
