// Says in a sentence what makes one trace slower or faster than another, and what to keep in mind about the two.
import { count } from '../trace/count.js';
import type { Diff, DiffGroup, DiffSide, DiffTrace } from './diff.js';
import { clean, cut, duration } from './format.js';
import { subjectText } from './subject.js';

const mostNamed = 3;
/** What is less than this part of all differences is not worth its place in a sentence. */
const leastPart = 0.05;
const nameColumns = 70;

/** A number of microseconds with its sign. */
export function signed(micros: number): string {
  return micros > 0 ? `+${duration(micros)}` : duration(micros);
}

/** `B took 412 ms, 3.1 × A (133 ms): 37 more × select … (+298 ms), …`; safe to print. */
export function sentenceOf({ a, b, groups, rest }: Diff): string {
  return `B took ${duration(b.duration)}, ${comparison(a.duration, b.duration)}: ${reasons(groups, rest.difference, reason)}`;
}

/** Names the differences that explain most, the largest first; `rest` is what has no name. */
export function reasons<Part extends { readonly difference: number }>(
  parts: readonly Part[],
  rest: number,
  say: (part: Part) => string,
): string {
  const all = parts.reduce((sum, { difference }) => sum + Math.abs(difference), Math.abs(rest));
  const named = parts
    .filter(({ difference }) => difference !== 0 && Math.abs(difference) >= all * leastPart)
    .slice(0, mostNamed);
  return named.map(say).join(', ') || (all > 0 ? 'many small differences' : 'no part of it differs');
}

function comparison(a: number, b: number): string {
  if (a === b) return 'as long as A';
  const ratio = b / a;
  const said = duration(a);
  if (a > 0 && (ratio >= 1.05 || ratio <= 0.95)) {
    const times =
      ratio < 0.095
        ? ratio.toPrecision(1)
        : ratio < 9.95
          ? ratio.toFixed(ratio < 1 ? 2 : 1)
          : ratio.toFixed(0);
    return `${times} × A (${said})`;
  }
  return `${duration(Math.abs(b - a))} ${b > a ? 'more' : 'less'} than A (${said})`;
}

/** The name of a difference. */
export type Named = Pick<DiffGroup, 'kind' | 'what' | 'hasBelow' | 'change' | 'difference'> & {
  readonly [Side in 'a' | 'b']: Pick<DiffSide, 'count'> | null;
};

/** `21 more × select … (+167 ms)`. */
export function reason(group: Named): string {
  const [before, after] = [group.a?.count ?? 0, group.b?.count ?? 0];
  const what = nameOf(group);
  const amount = `(${signed(group.difference)})`;
  switch (group.change) {
    case 'new':
      return `${after} new × ${what} ${amount}`;
    case 'gone':
      return `${before} gone × ${what} ${amount}`;
    case 'more':
      return `${after - before} more × ${what} ${amount}`;
    case 'fewer':
      return `${before - after} fewer × ${what} ${amount}`;
    default:
      return `${after > 1 ? `${after} × ` : ''}${what} ${group.change} ${amount}`;
  }
}

function nameOf({ kind, what, hasBelow }: Named): string {
  return cut(clean(subjectText({ kind, what })), nameColumns) + (hasBelow ? ' itself' : '');
}

/** What is to be kept in mind about the two traces. The texts are as they were stored. */
export function cautions({ a, b }: Diff): string[] {
  const [beganA, beganB] = [subjectText(a.beginning), subjectText(b.beginning)];
  return [
    a.base_id === b.base_id ? 'A and B are the same trace' : '',
    beganA === beganB ? '' : `A and B are of different routes: A is ${beganA}, B is ${beganB}`,
    ...(['a', 'b'] as const).map((side) => ofOne(side.toUpperCase(), side === 'a' ? a : b)),
  ].filter((line) => line !== '');
}

function ofOne(name: string, { unfinished, incomplete }: DiffTrace): string {
  const facts = [
    unfinished > 0 ? `${count(unfinished, 'point')} without an end` : '',
    incomplete ? 'calls that were left out' : '',
  ].filter((fact) => fact !== '');
  return facts.length === 0 ? '' : `${name} has ${facts.join(' and ')}: not all of its times are known`;
}
