// Calls that did not overlap, although none is seen to need another: they could have run at once.
import type { Analysis } from '../analysis/analyse.js';
import type { Span } from '../analysis/span.js';
import { fact, textFact } from '../facts.js';
import { isCall, isRead, keyOf, wordsOf, workOf } from './calls.js';
import { type Detector, type Finding, matters } from './finding.js';
import { repeatsOf } from './repeats.js';
import { nameOf, placeOf, timeOf } from './words.js';

// Between calls that need nothing of each other there is nearly nothing to do: so long at the most, or for this part of
// the call before it.
const mostBetween = { micros: 2000, share: 0.25 };
// Overlapping quick calls wins nothing that is worth a change; a page consists of them.
const leastMicros = 30_000;

/** Finds reading calls of one parent, one after the other on the critical path. */
export const findSequential: Detector = (analysis) => {
  const { stays } = analysis;
  const parents = new Set<Span>();
  for (const { parent } of stays.keys()) if (parent !== undefined) parents.add(parent);
  const isHere = (span: Span): boolean => stays.has(span) && isCall(span);
  const several = [...parents].filter(
    ({ children }) => children.filter((span) => isHere(span) && isLong(span)).length > 1,
  );
  if (several.length === 0) return [];
  const repeated = new Set(repeatsOf(analysis).flat());
  return several.flatMap((parent) =>
    runsOf(
      parent.children.filter(isHere).toSorted((a, b) => a.from - b.from),
      (span) => isRead(span) && !repeated.has(span) && !(span.point.name === 'db' && isInTransaction(parent)),
      parent,
    ).flatMap((run) => findingOf(run, analysis)),
  );
};

const isLong = (span: Span): boolean => workOf(span) >= leastMicros;

/** The longest runs of such calls with nearly nothing but quick ones between them. */
function runsOf(siblings: readonly Span[], isFree: (span: Span) => boolean, parent: Span): Span[][] {
  const runs: Span[][] = [];
  const known = new Set(valuesIn(parent));
  let run: Span[] = [];
  let before: Span | undefined;
  for (const span of siblings) {
    const params = paramsOf(span);
    const needsAnswer = params.some((value) => !known.has(value));
    for (const value of params) known.add(value);
    if (needsAnswer || before === undefined || !follows(span, before)) {
      run = [];
      runs.push(run);
    }
    before = isFree(span) ? span : undefined;
    if (isFree(span) && isLong(span)) run.push(span);
  }
  return runs.filter(({ length }) => length > 1);
}

/** Whether a call began as soon as the one before it had ended. */
function follows(span: Span, before: Span): boolean {
  const between = span.from - before.to;
  return between <= Math.max(mostBetween.micros, (before.to - before.from) * mostBetween.share);
}

/** The parameters of a statement, where they are recorded: one that nobody knew before came with an answer. */
function paramsOf(span: Span): readonly string[] {
  const sql = span.children.find(({ point }) => point.name === 'sql') ?? span;
  const params = fact(sql.point.startInfo, 'db', 'params');
  return Array.isArray(params) ? params.map(String) : [];
}

/** The words of a request's path and query. */
function valuesIn({ point: { startInfo } }: Span): readonly string[] {
  const asked = `${textFact(startInfo, 'request', 'path')}?${textFact(startInfo, 'request', 'query')}`;
  return asked.split(/[/?&=]/);
}

/** Statements of one transaction are on one connection, and can't overlap. */
function isInTransaction({ children }: Span): boolean {
  return children.some((span) => /^\W*(?:begin|start)\b/i.test(wordsOf(span)));
}

function findingOf(run: readonly Span[], analysis: Analysis): Finding[] {
  const times = run.map(workOf);
  const explains = times.reduce((sum, time) => sum + time, 0);
  const wins = explains - times.reduce((most, time) => Math.max(most, time), 0);
  if (!matters(wins, analysis, { share: 0.1, micros: 20_000 })) return [];
  const [first] = run as [Span];
  const what = run.every((span) => keyOf(span) === keyOf(first)) ? ` of ${nameOf(first)}` : targetsOf(run);
  return [
    {
      kind: 'sequential',
      sentence: `${run.length} calls${what}${placeOf(first, analysis)} did not overlap: ${timeOf(explains, analysis)}.`,
      explains,
      wins,
      points: run.map(({ point }) => point),
      advice: `Start them at once (Promise.all) where none needs the answer of another; that would save up to ${timeOf(wins, analysis)}.`,
    },
  ];
}

/** ` of 127.0.0.1:4000`, if all of them are for the same server. */
function targetsOf(run: readonly Span[]): string {
  const targets = new Set(
    run.map(({ point: { startInfo } }) =>
      [textFact(startInfo, 'requests', 'hostname'), textFact(startInfo, 'requests', 'port')]
        .filter((part) => part !== '')
        .join(':'),
    ),
  );
  const [only = ''] = targets;
  if (targets.size === 1 && only !== '') return ` of ${only}`;
  return ` (${run.slice(0, 3).map(nameOf).join('; ')}${run.length > 3 ? '; …' : ''})`;
}
