// Time of which nothing is recorded, although points of the same work lie on both sides of it.
import type { Analysis } from '../analysis/analyse.js';
import type { Segment } from '../analysis/partition.js';
import { type Span, isCallee } from '../analysis/span.js';
import { fact } from '../facts.js';
import { clean } from '../format.js';
import { betweenOf } from './blocked.js';
import { blocksOf } from './blocks.js';
import { isCode } from './calls.js';
import { retriesOf } from './errors.js';
import { type Detector, type Finding, matters } from './finding.js';
import { loopStateIn } from './stretches.js';
import { nameOf, placeOf, timeOf } from './words.js';

/** Finds long gaps in the application's code whose event loop was waiting, or of whose loop nothing is known. */
export const findGaps: Detector = (analysis) => {
  const blocked = new Set(blocksOf(analysis).map(({ segment }) => segment));
  const retries = retriesOf(analysis).map((tries) => ({ from: tries[0]!.from, to: tries.at(-1)!.to }));
  return analysis.segments.flatMap((segment) => {
    const { span, what, from, to } = segment;
    if (what === 'self' || !isCode(span) || blocked.has(segment)) return [];
    if (!matters(to - from, analysis, { share: 0.2, micros: 20_000 })) return [];
    if (retries.some((tries) => tries.from <= from && to <= tries.to)) return [];
    // A service's own time has a finding of its own.
    if (isCallee(span) && matters(to - from, analysis, { share: 0.3, micros: 100_000 })) return [];
    if (what === 'child') return beside(segment, analysis);
    return [
      {
        kind: 'gap' as const,
        sentence: `Nothing is recorded for ${timeOf(to - from, analysis)}${placeOf(span, analysis)}, ${betweenOf(segment, analysis)}${stateOf(segment, analysis)}${unseenIn(span)}.`,
        explains: to - from,
        wins: undefined,
        points: [span.point],
        segments: [segment],
        advice:
          'See what the code awaits there: a timer, a file, a library that the agent does not know (ostrace doctor names those that are loaded); name the function as a point.',
      },
    ];
  });
};

/** Time in which something was running that the point may have waited for, and which went on after it. */
function beside({ span, from, to }: Segment, analysis: Analysis): Finding[] {
  const covering = span.children.filter(
    (child) => child.from <= from && child.to >= to && child.point.name === 'thread',
  );
  const [thread] = covering;
  if (thread === undefined || covering.length > 1) return [];
  return [
    {
      kind: 'gap',
      sentence: `${nameOf(thread)}${placeOf(span, analysis)} was running for ${timeOf(to - from, analysis)} before the end of ${nameOf(span)}, which may have waited for its answer.`,
      explains: to - from,
      wins: undefined,
      points: [thread.point, span.point],
      advice:
        'See what the thread does: loading its modules counts too. Keep workers running in a pool (piscina).',
    },
  ];
}

function stateOf(segment: Segment, analysis: Analysis): string {
  const state = loopStateIn(segment, analysis);
  return state === '' ? '' : `; the event loop was ${state}`;
}

const mostNamed = 3;

/** `; its ioredis 3.2.2 is not seen by the agent`, if the process of a point says so. */
function unseenIn(span: Span): string {
  for (let each: Span | undefined = span; each !== undefined; each = each.parent) {
    const { service, host, stopInfo } = each.point;
    if (service !== span.point.service || host !== span.point.host) return '';
    const unseen = fact(stopInfo, 'process', 'unseen');
    if (!Array.isArray(unseen)) continue;
    const names = unseen.filter((name): name is string => typeof name === 'string').map(clean);
    if (names.length === 0) return '';
    const others = names.length - mostNamed;
    const named = others > 0 ? [...names.slice(0, mostNamed), `${others} more`] : names;
    return `; its ${listed(named)} ${names.length === 1 ? 'is' : 'are'} not seen by the agent`;
  }
  return '';
}

/** `a, b and c` */
const listed = (names: readonly string[]): string =>
  names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)!}`;
