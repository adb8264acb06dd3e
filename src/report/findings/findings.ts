// All findings of a trace, sorted by what mending their causes would win.
import { analyse } from '../analysis/analyse.js';
import type { Analysis } from '../analysis/analyse.js';
import { type Span, isBeside, isWholeTrace } from '../analysis/span.js';
import type { Tree } from '../tree.js';
import { keyOf } from './calls.js';
import { findBlocked } from './blocked.js';
import { findErrors, findRetries, hasFailed } from './errors.js';
import type { Detector, Finding } from './finding.js';
import { findCollections } from './garbage.js';
import { findGaps } from './gaps.js';
import { findLarge } from './large.js';
import { findLeftOut, findSkew } from './notes.js';
import { findRepeats } from './repeats.js';
import { findSequential } from './sequential.js';
import { findSlow, findSlowServices, findStarts, findWorkerWaits } from './slow.js';
import { findStarved } from './starved.js';
import { findUnfinished } from './unfinished.js';
import { findWaits } from './waits.js';
import { kindNameOf, timeOf } from './words.js';

const detectors: readonly Detector[] = [
  findUnfinished,
  findErrors,
  findRetries,
  findRepeats,
  findWaits,
  findBlocked,
  findStarved,
  findCollections,
  findLarge,
  findSequential,
  findStarts,
  findWorkerWaits,
  findSlow,
  findSlowServices,
  findGaps,
  findSkew,
  findLeftOut,
];

/** The findings of a trace, and what there is to say without any. */
export interface Findings {
  /** The causes, the one first whose mending would win most. */
  readonly findings: readonly Finding[];
  /** The point that takes most of the time, for a trace without a cause; '' for others. */
  readonly otherwise: string;
  readonly analysis: Analysis;
}

/** Finds the causes of a trace's duration and of its failures. */
export function findingsOf(tree: Tree): Findings {
  const analysis = analyse(tree);
  const all = detectors.flatMap((detect) => detect(analysis));
  const told = withoutDoubles(all);
  const runs = told.filter(isEvenRun);
  const findings = told.toSorted(
    (a, b) =>
      rankOf(a, analysis) - rankOf(b, analysis) || weightOf(b, runs, analysis) - weightOf(a, runs, analysis),
  );
  return { findings, otherwise: findings.length > 0 ? '' : otherwiseOf(analysis), analysis };
}

/** A request that never ended or that failed comes first with why; what takes no time comes last. */
function rankOf(finding: Finding, analysis: Analysis): number {
  const { kind, explains, points } = finding;
  if (kind === 'unfinished') {
    // The sender of a message does not wait for what becomes of it.
    const top = analysis.spanOf(points.at(-1)!);
    if (top !== undefined && !analysis.root.isOpen && isBeside(top)) return 3;
    return points.some(
      (point) => point === analysis.root.point || analysis.spanOf(point)?.parent?.isOpen === true,
    )
      ? 0
      : 3;
  }
  if (kind === 'aborted' && points[0] === analysis.root.point) return 0;
  // The tree shows times that are far from true: who reads on has to know.
  if (kind === 'skew') return mostOffset(analysis) * 2 >= analysis.duration ? 1 : 3;
  if (kind === 'error' || kind === 'timeout')
    return hasFailed(analysis) ? 1 : explains > 0 && kind === 'timeout' ? 2 : 3;
  return explains > 0 ? 2 : 3;
}

const mostOffset = ({ offsets }: Analysis): number =>
  [...offsets.values()].reduce((most, offset) => Math.max(most, Math.abs(offset)), 0);

/** A gap may be what the code is for, such as a timer, and a wait may have been shorter: what is known weighs more. */
function weightOf(finding: Finding, runs: readonly Finding[], { duration }: Analysis): number {
  const { kind, wins, explains, points } = finding;
  if (kind === 'gap') return explains / 2;
  if (finding.isAtMost === true) return Math.min(explains, duration) / 2;
  const own = wins ?? explains;
  if (!kind.startsWith('slow-')) return own;
  const run = runs.find((each) => points.every((point) => each.points.includes(point)));
  return run === undefined ? own : Math.min(own, run.wins! - 1);
}

/** Whether calls that did not overlap took about the same time: then it is their row that is slow, and none of them. */
const isEvenRun = ({ kind, wins, explains }: Finding): boolean =>
  kind === 'sequential' && wins !== undefined && wins * 2.5 >= explains;

/** One call is the proof of one cause: of those that name it alone, the first detector knows most of it. */
function withoutDoubles(all: readonly Finding[]): Finding[] {
  const told = new Set<unknown>();
  return all.filter(({ kind, points }) => {
    const isPart = kind.startsWith('slow-') || kind === 'pool-wait' || kind === 'turn-wait';
    if (isPart && points.every((point) => told.has(point))) return false;
    if (kind === 'repeats' || kind === 'retries' || kind === 'large-result' || kind === 'timeout') {
      for (const point of points) told.add(point);
    }
    return true;
  });
}

/** `82 % is one call of select …` */
function otherwiseOf(analysis: Analysis): string {
  const own = new Map<unknown, { micros: number; readonly spans: Set<Span> }>();
  for (const { span, from, to } of analysis.segments) {
    const key = keyOf(span) ?? span;
    const entry = own.get(key) ?? { micros: 0, spans: new Set() };
    own.set(key, entry);
    entry.micros += to - from;
    entry.spans.add(span);
  }
  const [most] = [...own.values()].toSorted((a, b) => b.micros - a.micros);
  if (most === undefined) return '';
  const [first = analysis.root] = most.spans;
  const name = isWholeTrace(first) ? 'between the points at the top' : kindNameOf(first);
  return `${timeOf(most.micros, analysis)} is ${most.spans.size === 1 ? '' : `${most.spans.size} × `}${name}`;
}
