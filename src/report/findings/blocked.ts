// Time in which an event loop could not serve the trace, because synchronous code blocked it.
import type { Analysis } from '../analysis/analyse.js';
import type { Segment } from '../analysis/partition.js';
import { type Span, isCallee } from '../analysis/span.js';
import { numberFact } from '../facts.js';
import { duration } from '../format.js';
import type { TreePoint } from '../tree.js';
import { type Block, blocksOf, fewestMicros } from './blocks.js';
import { blockerIn, blockerOf } from './blockers.js';
import { isCall, isCode, scopeOf } from './calls.js';
import { type Detector, type Finding, matters } from './finding.js';
import { isLarge } from './large.js';
import { starvedIn } from './starved.js';
import { nameOf, placeOf, soonerBy, timeOf } from './words.js';

/** Finds what blocked the event loop while the trace needed it. */
export const findBlocked: Detector = (analysis) => {
  const starved = new Set(starvedIn(analysis).flatMap(({ blocks }) => blocks));
  const blocks = blocksOf(analysis).filter((block) => !starved.has(block));
  return [...blocks.flatMap((block) => findingOf(block, analysis)), ...lateStarts(analysis)];
};

/** Collections that are this part of a block are its cause. */
export const mostCollected = 0.4;
/** Collections that are this part of a block are worth a word. */
const leastCollected = 0.1;

/** Whether a block is one run of the code of the request itself. */
export const isOwnCode = ({ segment: { span }, loop }: Block): boolean => isCode(span) && loop.turns === 0;

function findingOf(block: Block, analysis: Analysis): Finding[] {
  const { segment, loop, collected } = block;
  const { span } = segment;
  if (collected >= loop.busy * mostCollected || (isCall(span) && isLarge(span))) return [];
  if (!matters(loop.busy, analysis, { share: 0.1, micros: 20_000 }) || isInWorker(span)) return [];
  const time = timeOf(loop.busy, analysis);
  const wins = Math.min(loop.busy, analysis.stays.get(span)?.drag ?? loop.busy);
  const base = {
    kind: 'blocked',
    explains: loop.busy,
    wins,
    points: pointsOf(segment, analysis),
    segments: [segment],
  } as const;
  const where = placeOf(span, analysis);
  const garbage =
    collected < loop.busy * leastCollected ? '' : `; ${duration(collected)} of it was garbage collection`;
  if (isOwnCode(block)) {
    return [
      {
        ...base,
        sentence: `The event loop${where} was blocked for ${time}: this request’s own code ran without a break ${betweenOf(segment, analysis)}${garbage}.`,
        advice: `Do this work in a worker thread, in pieces, or by an asynchronous function.${soonerBy(wins, analysis)}`,
      },
    ];
  }
  const when = isCall(span)
    ? `while ${nameOf(span)} was waiting for its answer`
    : betweenOf(segment, analysis);
  const blocker = blockerOf(block, analysis);
  if (blocker !== undefined) {
    return [
      {
        ...base,
        points: [...base.points, blocker.point],
        sentence: `The event loop${where} was blocked for ${time} ${when}: another request, ${blocker.name}, ran for ${duration(blocker.micros)} without a break${garbage}.`,
        advice: adviceFor(blocker.name),
      },
    ];
  }
  return [
    {
      ...base,
      sentence: `The event loop${where} was blocked for ${time} ${when}${garbage}.`,
      advice:
        'Find the synchronous work that ran then (ostrace trace list shows what was traced at that time), and move it to a worker thread.',
    },
  ];
}

const adviceFor = (blocker: string): string =>
  `Move the synchronous work of ${blocker} to a worker thread, or do it in pieces.`;

/** Whether a point is in a worker thread, which is where work that blocks belongs. */
export const isInWorker = (span: Span): boolean =>
  span.point.name === 'thread_main' || scopeOf(span).point.name === 'thread_main';

/** `between select … and GET …`: what ended before the time, and what began after it. */
export function betweenOf({ span, from, to }: Segment, analysis: Analysis): string {
  const before = span.children.findLast((child) => child.to <= from && analysis.stays.has(child));
  const after = span.children.find((child) => child.from >= to && analysis.stays.has(child));
  const inWhat = `in ${nameOf(span)}`;
  if (before !== undefined && after !== undefined) {
    return `${inWhat}, between ${nameOf(before)} and ${nameOf(after)}`;
  }
  if (before !== undefined) return `${inWhat}, after ${nameOf(before)}`;
  return after === undefined ? inWhat : `${inWhat}, before ${nameOf(after)}`;
}

function pointsOf({ span, from, to }: Segment, { stays }: Analysis): TreePoint[] {
  const before = span.children.findLast((child) => child.to <= from && stays.has(child));
  const after = span.children.find((child) => child.from >= to && stays.has(child));
  return [span, before, after].flatMap((each) => (each === undefined ? [] : [each.point]));
}

/** Requests that had to wait for the event loop before their handlers began. */
function lateStarts(analysis: Analysis): Finding[] {
  return analysis.spans.flatMap((span) => {
    const late = Math.round((numberFact(span.point.startInfo, 'loop', 'busy_before_ms') ?? 0) * 1000);
    if (span.point.name !== 'wsgi' || late < fewestMicros) return [];
    const caller = isCallee(span) ? span.parent : undefined;
    // What the caller saw is the most that the request can have waited.
    const waited = caller === undefined ? late : Math.min(late, span.from - caller.from);
    const whole = { ...analysis, duration: analysis.duration + (caller === undefined ? waited : 0) };
    if (!matters(waited, whole, { share: 0.1, micros: 20_000 })) return [];
    const upTo = caller === undefined ? 'up to ' : '';
    const blocker = blockerIn(span.point);
    const ran = Math.round((numberFact(span.point.startInfo, 'blocked', 'ms') ?? 0) * 1000);
    // A handler that ran for a small part of that time is not the cause.
    const isCause = blocker !== '' && ran * 2 >= waited;
    const by = isCause ? `; another request, ${blocker}, ran for ${duration(ran)} of that time` : '';
    return [
      {
        kind: 'blocked',
        sentence: `${nameOf(span)} waited ${upTo}${duration(waited)} before its handler began: the event loop${placeOf(span, analysis)} had been busy without a pause${by}.`,
        // A caller that has given up waits no longer.
        explains: caller === undefined ? waited : Math.min(waited, caller.to - caller.from),
        isAtMost: caller === undefined && !isCause,
        wins: undefined,
        points: [span.point, ...(caller === undefined ? [] : [caller.point])],
        advice: isCause
          ? adviceFor(blocker)
          : 'Find the synchronous work that ran before it, and move it to a worker thread.',
      },
    ];
  });
}
