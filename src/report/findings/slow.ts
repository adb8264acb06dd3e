// One thing that takes most of the time: a statement, a call, a command, a service, the start of a worker.
import type { Analysis } from '../analysis/analyse.js';
import { type Span, isCallee } from '../analysis/span.js';
import { about } from '../about.js';
import { clean, duration } from '../format.js';
import { blocksOf } from './blocks.js';
import { isCall, isCursor, waitsOf } from './calls.js';
import { type Detector, type Finding, alongPath, matters } from './finding.js';
import { isLarge } from './large.js';
import { codeOf, nameOf, placeOf, soonerBy, timeOf } from './words.js';

const least = { share: 0.3, micros: 100_000 };

/** Finds single calls that are a third of the trace, and the services that the time is spent in. */
export const findSlow: Detector = (analysis) =>
  alongPath(analysis, (span, { from, to, drag }) => {
    const { name } = span.point;
    const took = to - from;
    if (!matters(took, analysis, least)) return [];
    // A cursor is open for as long as the application takes to read it.
    if (isCursor(span)) return [];
    if (name === 'db')
      return statement(span, took - waitsOf(span) - blockedIn(span, analysis), drag, analysis);
    if (name === 'command') return command(span, took, drag, analysis);
    if (isCall(span) && name !== 'sql') {
      return span.children.length === 0
        ? call(span, took - waitsOf(span) - blockedIn(span, analysis), drag, analysis)
        : [];
    }
    return [];
  });

/** How long the loop of a call was blocked during it, which is a cause of its own. */
function blockedIn(span: Span, analysis: Analysis): number {
  const own = blocksOf(analysis).filter(
    ({ segment }) => segment.span === span || segment.span.parent === span,
  );
  return isLarge(span) ? 0 : own.reduce((sum, { loop }) => sum + loop.busy, 0);
}

function statement(span: Span, took: number, drag: number, analysis: Analysis): Finding[] {
  if (!matters(took, analysis, least)) return [];
  return [
    {
      kind: 'slow-statement',
      sentence: `One statement${placeOf(span, analysis)} took ${timeOf(took, analysis)}: ${nameOf(span)}${codeOf([span])}.`,
      explains: took,
      wins: Math.min(took, drag),
      points: [span.point],
      advice: `Look at its plan (EXPLAIN ANALYZE): an index that is missing, or a lock that it waited for.${soonerBy(Math.min(took, drag), analysis)}`,
    },
  ];
}

function call(span: Span, took: number, drag: number, analysis: Analysis): Finding[] {
  if (!matters(took, analysis, least)) return [];
  return [
    {
      kind: 'slow-call',
      sentence: `One call${placeOf(span, analysis)} took ${timeOf(took, analysis)}: ${nameOf(span)}; the called service is not in the trace.`,
      explains: took,
      wins: Math.min(took, drag),
      points: [span.point],
      advice: 'Trace the service that it calls too, with the same key and store.',
    },
  ];
}

function command(span: Span, took: number, drag: number, analysis: Analysis): Finding[] {
  if (!matters(took, analysis, least)) return [];
  const inner = span.children.find(({ point }) => point.name === 'process');
  // The start of a Node process is a cause of its own.
  if (inner !== undefined && (inner.from - span.from) * 2 > took) return [];
  return [
    {
      kind: 'slow-command',
      sentence: `The command ${nameOf(span)}${placeOf(span, analysis)} took ${timeOf(took, analysis)}.`,
      explains: took,
      wins: drag,
      points: [span.point],
      advice: `Do it after the response, or use a library in place of the command.${soonerBy(drag, analysis)}`,
    },
  ];
}

/** Finds services whose own code or waits, of which nothing more is recorded, take a third of the trace. */
export const findSlowServices: Detector = (analysis) => {
  const own = new Map<Span, number>();
  for (const { span, from, to } of analysis.segments) {
    if (isCallee(span)) own.set(span, (own.get(span) ?? 0) + to - from);
  }
  return [...own].flatMap(([span, took]): Finding[] => {
    if (!matters(took, analysis, least)) return [];
    const hops = hopsTo(span);
    const away = hops === 1 ? '' : `, ${hops} calls away,`;
    const service = span.point.service ?? 'The service that was called';
    const drag = Math.min(took, analysis.stays.get(span)?.drag ?? took);
    return [
      {
        kind: 'slow-service',
        sentence: `${service}${away} took ${timeOf(took, analysis)} for ${nameOf(span)} itself; what it did in that time is not recorded.`,
        explains: took,
        wins: drag,
        points: [span.point],
        advice: `Look into ${service}: name its functions as points, or see what it waits for.${soonerBy(drag, analysis)}`,
      },
    ];
  });
};

/** How many calls lie between the beginning of the trace and a point. */
function hopsTo(span: Span): number {
  let hops = 0;
  for (let each: Span | undefined = span; each !== undefined; each = each.parent) if (isCallee(each)) hops++;
  return hops;
}

/** Finds threads and Node processes whose start takes a large part of the trace. */
export const findStarts: Detector = (analysis) =>
  alongPath(analysis, (span, { from, drag }) => {
    const { name } = span.point;
    if (name !== 'thread' && name !== 'command') return [];
    const main = span.children.find(
      ({ point }) => point.name === (name === 'thread' ? 'thread_main' : 'process'),
    );
    if (main === undefined) return [];
    const took = main.from - from;
    const wins = Math.min(took, drag);
    if (!matters(took, analysis, { share: 0.2, micros: 20_000 })) return [];
    const what =
      name === 'thread'
        ? `worker thread ${about(span.point).subject}`
        : `Node process ${about(main.point).subject.replace(/ · pid \d+$/, '')}`;
    return [
      {
        kind: 'worker-start',
        sentence: `Starting the ${clean(what)}${placeOf(span, analysis)} took ${timeOf(took, analysis)}; ${ranFor(main)}.`,
        explains: took,
        wins,
        points: [span.point, main.point],
        advice: `Keep workers running in a pool (piscina) in place of one for each request.${soonerBy(wins, analysis)}`,
      },
    ];
  });

/** Nobody knows how long a thread or process ran whose end is not in the trace. */
const ranFor = ({ point, from, to }: Span): string =>
  point.finished === undefined ? 'when it ended is not recorded' : `it then ran for ${duration(to - from)}`;

/** Finds tasks that waited until a thread of their pool took them. */
export const findWorkerWaits: Detector = (analysis) =>
  alongPath(analysis, (span, { from, drag }) => {
    const callee = span.children.find(isCallee);
    if (span.point.name !== 'rpc' || callee === undefined || callee.point.host !== span.point.host) return [];
    if (callee.point.service !== span.point.service) return [];
    const waited = callee.from - from;
    const wins = Math.min(waited, drag);
    if (!matters(waited, analysis, { share: 0.1, micros: 20_000 })) return [];
    return [
      {
        kind: 'worker-wait',
        sentence: `${nameOf(span)} waited ${timeOf(waited, analysis)} until a worker took it.`,
        explains: waited,
        wins,
        points: [span.point, callee.point],
        advice: `Give the pool more workers, or start them before the first task.${soonerBy(wins, analysis)}`,
      },
    ];
  });
