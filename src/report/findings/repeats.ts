// Calls that are made again and again in one piece of work: N+1 queries, in a row or at once.
import { fact, textFact } from '../facts.js';
import { type Analysis, oncePerAnalysis } from '../analysis/analyse.js';
import type { Span } from '../analysis/span.js';
import {
  isBookkeeping,
  isPaging,
  keyOf,
  scopeOf,
  statementOf,
  wordsOf,
  workOf,
  workTimeOf,
} from './calls.js';
import { type Detector, type Finding, matters } from './finding.js';
import { medianOf, overlapOf } from './overlap.js';
import { codeOf, kindNameOf, placeOf, soonerBy, timeOf } from './words.js';

const fewest = 5;
// From so many queries at once on, one query for all is better, whatever the time is.
const manyAtOnce = 10;
// Less than this many connections are one.
const fewestWorkers = 1.5;

/** Finds equal calls, five or more in one scope, wherever they lie in it. */
export const findRepeats: Detector = (analysis) =>
  repeatsOf(analysis).flatMap((calls) => findingOf(calls, analysis));

/** The groups of equal calls within one scope. */
export const repeatsOf = oncePerAnalysis(({ spans }): readonly (readonly Span[])[] => {
  const scopes = new Map<Span, Map<string, Span[]>>();
  const migrating = new Set<Span>();
  for (const span of spans) {
    const key = keyOf(span);
    const changes = (span.point.name === 'db' || span.point.name === 'sql') && definition.test(wordsOf(span));
    if (key === undefined && !changes) continue;
    const scope = scopeOf(span);
    if (changes) migrating.add(scope);
    if (key === undefined) continue;
    let groups = scopes.get(scope);
    if (groups === undefined) scopes.set(scope, (groups = new Map()));
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [span]);
    else group.push(span);
  }
  return [...scopes]
    .flatMap(([scope, groups]) => (migrating.has(scope) ? [] : [...groups.values()]))
    .filter((calls) => calls.length >= fewest && !isPaging(calls[0]!) && !isSeries(calls));
});

/** A migration says the same of many tables. */
const definition = /^\W*(?:create|alter|drop|truncate|comment\s+on|grant)\b/i;

/** Whether these calls are pieces that are sent one by one on purpose: messages to a queue. */
const isSeries = ([first]: readonly Span[]): boolean =>
  first !== undefined && fact(first.point.startInfo, 'rpc', 'kind') === 'producer';

function findingOf(calls: readonly Span[], analysis: Analysis): Finding[] {
  const onPath = calls.filter((span) => analysis.stays.has(span));
  if (onPath.length === 0) return [];
  const scope = analysis.stays.get(scopeOf(calls[0]!));
  const { atOnce, covered } = overlapOf(calls, scope?.from, scope?.to);
  const isInARow = atOnce <= 1;
  const one = medianOf(calls.map(workOf));
  const wins = Math.max(0, covered - one);
  if (
    !matters(covered, analysis, { share: 0.05, micros: 0 }) &&
    !matters(covered, analysis, { share: 0, micros: 20_000 })
  )
    return [];
  if (!isInARow && !isQueued(calls, covered, one)) return [];
  const [first] = calls as [Span];
  const how = isInARow
    ? 'one after the other'
    : atOnce === calls.length
      ? 'all at once'
      : `up to ${atOnce} at once`;
  const isSame = hasSameParameters(calls);
  const what = `${calls.length} × ${kindNameOf(first)}${placeOf(first, analysis)}`;
  const again = isSame ? ', the same query each time' : '';
  return [
    {
      kind: 'repeats',
      sentence: `${what}, ${how}${again}: ${timeOf(covered, analysis)}${codeOf(calls)}.`,
      explains: covered,
      wins,
      points: calls.map(({ point }) => point),
      advice: adviceFor(first, isSame) + soonerBy(wins, analysis),
    },
  ];
}

/** Calls at once are only worth a word if there were too many of them: they took longer than one takes. */
function isQueued(calls: readonly Span[], covered: number, one: number): boolean {
  const isQuery = calls[0]!.point.name === 'db';
  // Redis takes commands that are made at once as a pipeline.
  if (textFact(calls[0]!.point.startInfo, 'db', 'system') === 'redis') return false;
  // One connection for all of them is another cause.
  if (isQuery && workersOf(calls) < fewestWorkers) return false;
  if (isQuery && calls.length >= manyAtOnce && !calls.every(isBookkeeping)) return true;
  return covered >= one * (isQuery ? 1.5 : 2) && covered - one >= 5000;
}

/** How many of the calls worked at the same time, on average: the end of one is seen a bit after the next has begun. */
function workersOf(calls: readonly Span[]): number {
  const sum = calls.reduce((micros, span) => micros + workOf(span), 0);
  return sum / Math.max(1, overlapOf(calls.map(workTimeOf)).covered);
}

/** Whether all calls say what they ask for, to the last value, and say the same. */
function hasSameParameters(calls: readonly Span[]): boolean {
  const first = wordingOf(calls[0]!);
  return first !== undefined && calls.every((call) => wordingOf(call) === first);
}

/** A statement and its parameters; undefined if it has values that are not recorded. */
function wordingOf(span: Span): string | undefined {
  const sql = span.children.find(({ point }) => point.name === 'sql') ?? span;
  const statement = statementOf(span);
  const params = fact(sql.point.startInfo, 'db', 'params') ?? [];
  // A value that was masked looks like the place of a parameter.
  const places = new Set(statement.match(/\$\d+/g)).size + (statement.match(/\?/g) ?? []).length;
  if (statement === '' || !Array.isArray(params) || places !== params.length) return undefined;
  return JSON.stringify([statement, params]);
}

function adviceFor(span: Span, isSame: boolean): string {
  const { name } = span.point;
  if (isSame) return 'Keep the answer of the first call.';
  if (name === 'db') {
    const unseen = statementOf(span) === '' ? ' OSTRACE_TRACE_SQL=true records the statement.' : '';
    return `Ask for all of them at once: one query with a list or a join, MGET or a pipeline.${unseen}`;
  }
  if (name === 'http' || name === 'https' || name === 'rpc')
    return 'Ask for all of them by one call, or at once.';
  return 'Do it once for all of them.';
}
