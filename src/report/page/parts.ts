// The bar of parts: the whole duration in the order of time, by what was done, so that equal parts have one line in
// the key and all lines add up.
import { failureIn } from '../../trace/failed.js';
import type { Analysis } from '../analysis/analyse.js';
import { type Span, isCallee } from '../analysis/span.js';
import { textFact } from '../facts.js';
import { isCall, isCode, keyOf, statementOf } from '../findings/calls.js';
import { kindNameOf } from '../findings/words.js';
import { clean, cut } from '../format.js';
import { kindOf, ownCode } from './kinds.js';
import type { PartColumns, Pattern } from './page-trace.js';
import type { Slice } from './slices.js';

/** A line of the key: what several slices have in common. */
export interface Key {
  readonly pattern: Pattern;
  readonly kind: number;
  readonly label: string;
  readonly failed: boolean;
  readonly finding: number;
  /** The points that it is about, of which the first is shown. */
  readonly spans: Set<Span>;
  /** The slice with which it begins. */
  readonly first: Slice;
}

export interface Parts {
  readonly parts: PartColumns;
  readonly keys: readonly Key[];
}

/** From this part of the duration on, a call of another service is shown by what it did. */
const splitShare = 0.2;
/** The longest pause between equal parts that belongs to them, in microseconds. */
const mostBetween = 2000;
const maxLabelColumns = 40;

/**
 * Divides the duration into parts.
 *
 * @param findingOf the number of the finding that a slice proves, from 1 on; 0 for none. `owner` is the point that the
 *   slice is shown with
 */
export function partsOf(
  analysis: Analysis,
  slices: readonly Slice[],
  findingOf: (slice: Slice, owner: Span) => number,
): Parts {
  const ownerOf = ownersOf(analysis);
  const keys = new Map<string, { readonly index: number; readonly key: Key }>();
  const to: number[] = [];
  const key: number[] = [];
  const zero = analysis.root.from;
  for (const each of withoutCrumbs(slices, analysis, ownerOf)) {
    const owner = ownerOf(each.span);
    const finding = findingOf(each, owner);
    // A call that is shown as one part is not divided by how its service passed the time, unless that is a finding.
    const isUndivided =
      owner !== each.span && (each.pattern === 'none' || (each.pattern === 'blocked' && finding === 0));
    const slice = isUndivided ? { ...each, pattern: 'work' as const } : each;
    const name = nameOfKey(slice, owner, finding);
    let known = keys.get(name);
    if (known === undefined) {
      known = { index: keys.size, key: keyFrom(slice, owner, finding) };
      keys.set(name, known);
    }
    known.key.spans.add(owner);
    if (key.at(-1) === known.index) to.pop();
    else key.push(known.index);
    to.push(slice.to - zero);
  }
  return { parts: { to, key }, keys: Array.from(keys.values(), (known) => known.key) };
}

/** The point that stands for the work of one: itself, the call that its statement is part of, or a short call of a service. */
function ownersOf({ root, spans, stays, duration }: Analysis): (span: Span) => Span {
  const owners = new Map<Span, Span>();
  for (const span of spans) {
    const above = span.parent === undefined ? undefined : owners.get(span.parent);
    const stay = stays.get(span);
    const isShort = stay !== undefined && stay.to - stay.from < duration * splitShare;
    const isWhole =
      span !== root &&
      (span.point.name === 'db' ||
        (isShort &&
          (span.children.some(isCallee) || span.point.name === 'command' || span.point.name === 'thread')));
    const owner = above ?? (isWhole ? span : undefined);
    if (owner !== undefined) owners.set(span, owner);
  }
  return (span) => owners.get(span) ?? span;
}

const isOwnRest = ({ span, pattern }: Slice, owner = span): boolean =>
  pattern === 'work' && owner === span && isCode(span) && span.children.length > 0;

/** The own code between two equal calls belongs to their run. */
function withoutCrumbs(
  slices: readonly Slice[],
  { duration }: Analysis,
  ownerOf: (span: Span) => Span,
): readonly Slice[] {
  const most = Math.min(mostBetween, duration / 100);
  return slices.map((slice, index) => {
    const [before, after] = [slices[index - 1], slices[index + 1]];
    if (before === undefined || after === undefined) return slice;
    if (!isOwnRest(slice) || slice.to - slice.from >= most || before.pattern !== 'work') return slice;
    const [one, other] = [ownerOf(before.span), ownerOf(after.span)];
    const isRun = isCall(one) && keyOf(one) !== undefined && keyOf(one) === keyOf(other);
    return isRun ? { ...slice, span: before.span } : slice;
  });
}

function nameOfKey(slice: Slice, owner: Span, finding: number): string {
  const { pattern, short } = slice;
  if (pattern !== 'work')
    return JSON.stringify([finding, pattern, short, kindOf(owner), owner.point.service]);
  if (isOwnRest(slice, owner)) return JSON.stringify([finding, 'rest']);
  const callee = owner.children.find(isCallee)?.point.service ?? null;
  const what = owner.point.name === 'sql' ? keyOf(owner) : (keyOf(owner) ?? kindNameOf(owner));
  return JSON.stringify([
    finding,
    hasFailed(owner),
    callee ?? what ?? null,
    kindOf(owner),
    owner.point.service,
  ]);
}

function keyFrom(slice: Slice, owner: Span, finding: number): Key {
  const { pattern, short } = slice;
  const isRest = isOwnRest(slice, owner);
  return {
    pattern,
    kind: isRest ? ownCode : kindOf(owner),
    label: pattern === 'work' ? (isRest ? 'own code, rest' : labelOf(owner)) : short,
    failed: pattern === 'work' && !isRest && hasFailed(owner),
    finding,
    spans: new Set(),
    first: slice,
  };
}

const hasFailed = ({ point }: Span): boolean => failureIn(point.stopInfo ?? {}) !== undefined;

const statementForm =
  /^\W*(select|insert|update|delete|replace|merge|with)\b[^]*?\b(?:from|into|update|join)\s+(?:only\s+)?([\w."`$]+)/i;

/** A point in two words or three: `select reviews`, `stock: 503`, `renderPage`. */
function labelOf(span: Span): string {
  const callee = span.children.find(isCallee)?.point.service ?? '';
  const failure = failureIn(span.point.stopInfo ?? {});
  const suffix = failure === undefined ? '' : `: ${failure.type}`;
  return cut(clean(`${callee || shortNameOf(span)}${suffix}`), maxLabelColumns);
}

function shortNameOf(span: Span): string {
  const { name, startInfo } = span.point;
  if (name !== 'db' && name !== 'sql') return kindNameOf(span);
  const [, verb, table] = statementForm.exec(statementOf(span).slice(0, 2000)) ?? [];
  if (verb !== undefined && table !== undefined) return `${verb.toLowerCase()} ${table.replace(/["`]/g, '')}`;
  const system = textFact(startInfo, 'db', 'system');
  const own = textFact(startInfo, 'db', 'verb') || textFact(startInfo, 'db', 'operation');
  return statementOf(span) || [system, own].filter((part) => part !== '').join(' ') || kindNameOf(span);
}
