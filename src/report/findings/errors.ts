// Failures: where they began, what was tried again, what took too long, what was given up.
import { failureIn } from '../../trace/failed.js';
import { type Analysis, oncePerAnalysis } from '../analysis/analyse.js';
import type { Span } from '../analysis/span.js';
import { causesIn } from '../errors.js';
import { clean, cut, duration } from '../format.js';
import { isCall, keyOf, scopeOf } from './calls.js';
import type { Detector, Finding } from './finding.js';
import { kindNameOf, nameOf, placeOf, soonerBy, timeOf } from './words.js';

const maxReasonColumns = 120;
const late = /time.?out|ETIMEDOUT|DEADLINE_EXCEEDED|statement timeout|took too long/i;

/** Finds where the errors of a trace began, each kind of them once. */
export const findErrors: Detector = (analysis) => {
  const retried = new Set(retriesOf(analysis).flat());
  const groups = new Map<string, Span[]>();
  for (const point of causesIn(analysis.tree)) {
    const span = analysis.spanOf(point);
    if (span === undefined || retried.has(span)) continue;
    const key = JSON.stringify([point.service, keyOf(span) ?? nameOf(span), reasonOf(span)]);
    const group = groups.get(key) ?? [];
    groups.set(key, group);
    group.push(span);
  }
  return Array.from(groups.values(), (spans) => errorOf(spans, analysis));
};

/** Whether the request itself failed: its error is what people look for first. */
export const hasFailed = ({ root }: Analysis): boolean => failureIn(root.point.stopInfo ?? {}) !== undefined;

function errorOf(spans: readonly Span[], analysis: Analysis): Finding {
  const [first] = spans as [Span];
  const reason = reasonOf(first);
  const stay = analysis.stays.get(first);
  const took = stay === undefined ? 0 : stay.to - stay.from;
  const base = { explains: took, points: spans.map(({ point }) => point) };
  const times = spans.length === 1 ? '' : `${spans.length} × `;
  const what = `${times}${nameOf(first)}${placeOf(first, analysis)}`;
  if (first.point.stopInfo?.['etype'] === 'Aborted' && first.point.name === 'wsgi') {
    return {
      ...base,
      kind: 'aborted',
      sentence: `The caller of ${what} gave up after ${duration(first.to - first.from)}, before the response.`,
      wins: undefined,
      advice: undefined,
    };
  }
  if (late.test(reason)) {
    return {
      ...base,
      kind: 'timeout',
      sentence: `${what} timed out after ${timeOf(first.to - first.from, analysis)}: ${reason}.`,
      wins: stay?.drag,
      advice: 'Find out what kept the other side busy, or give up sooner.',
    };
  }
  return {
    ...base,
    kind: 'error',
    sentence: `${what} failed${took > 0 ? ` after ${timeOf(first.to - first.from, analysis)}` : ''}: ${reason}.`,
    wins: 0,
    advice: undefined,
  };
}

/** `ECONNREFUSED: connect ECONNREFUSED 127.0.0.1:1`, `status 503`, `exit 1` */
function reasonOf({ point }: Span): string {
  const failure = failureIn(point.stopInfo ?? {});
  if (failure === undefined) return 'unknown';
  const { kind, type, message } = failure;
  const reason =
    kind === 'error' ? [type, message].filter((part) => part !== undefined).join(': ') : `${kind} ${type}`;
  return cut(clean(reason).replace(/\.$/, ''), maxReasonColumns);
}

/** Finds calls that failed and were made again, with the time from the first try to the last. */
export const findRetries: Detector = (analysis) =>
  retriesOf(analysis).flatMap((tries) => {
    const [first] = tries as [Span];
    const last = tries.at(-1)!;
    const failures = tries.filter(isFailed);
    const explains = last.from - first.from;
    const gaps = tries.slice(1).reduce((sum, span, i) => sum + Math.max(0, span.from - tries[i]!.to), 0);
    const pauses = gaps < 1000 ? '' : `, of them ${duration(gaps)} between the tries`;
    const end = isFailed(last) ? 'and never succeeded' : 'and was tried again';
    return [
      {
        kind: 'retries',
        sentence: `${kindNameOf(first)}${placeOf(first, analysis)} failed ${times(failures.length)} (${reasonOf(first)}) ${end}: ${timeOf(explains, analysis)}${pauses}.`,
        explains,
        wins: explains,
        points: tries.map(({ point }) => point),
        advice: `Mend what fails, or wait for less time between the tries.${soonerBy(explains, analysis)}`,
      },
    ];
  });

const times = (many: number): string => (many === 1 ? 'once' : many === 2 ? 'twice' : `${many} times`);
const isFailed = ({ point }: Span): boolean => failureIn(point.stopInfo ?? {}) !== undefined;

/** Equal calls of one scope, one after the other, each but the last of which failed. */
export const retriesOf = oncePerAnalysis(({ spans, stays }): readonly (readonly Span[])[] => {
  if (!spans.some(isFailed)) return [];
  const open = new Map<Span, Map<string, Span[]>>();
  const found: Span[][] = [];
  for (const span of spans.toSorted((a, b) => a.from - b.from)) {
    const key = isCall(span) || span.children.length > 0 ? keyOfTry(span) : undefined;
    if (key === undefined || !stays.has(span)) continue;
    const scope = scopeOf(span);
    const tries = open.get(scope) ?? new Map<string, Span[]>();
    open.set(scope, tries);
    const before = tries.get(key);
    const last = before?.at(-1);
    if (last !== undefined && isFailed(last) && last.to <= span.from) {
      before!.push(span);
      if (before!.length === 2) found.push(before!);
    } else {
      tries.set(key, [span]);
    }
  }
  return found;
});

/** The times between tries, by the point in which the tries were made. */
export const pausesOf = oncePerAnalysis(
  (analysis): ReadonlyMap<Span, readonly Pick<Span, 'from' | 'to'>[]> => {
    const found = new Map<Span, Pick<Span, 'from' | 'to'>[]>();
    for (const tries of retriesOf(analysis)) {
      for (const [index, { parent, from }] of tries.entries()) {
        const before = tries[index - 1];
        if (before === undefined || parent === undefined) continue;
        const its = found.get(parent) ?? [];
        found.set(parent, its);
        its.push({ from: before.to, to: from });
      }
    }
    return found;
  },
);

/** A call that is tried again is the same to the last letter of what it asks for. */
function keyOfTry(span: Span): string | undefined {
  const key = keyOf(span);
  const { name, startInfo } = span.point;
  if (name !== 'http' && name !== 'https' && key !== undefined) return key;
  return isCall(span)
    ? JSON.stringify([name, startInfo?.['requests'] ?? startInfo?.['rpc'] ?? startInfo?.['db']])
    : undefined;
}
