// Writes the comparison of two traces for people.
import { count } from '../trace/count.js';
import type { Diff, DiffGroup, DiffSide, DiffTrace } from './diff.js';
import { cautions, sentenceOf, signed } from './diff-words.js';
import { clean, duration, moment } from './format.js';
import { type Display, type Piece, fit, joinPieces, paint } from './pieces.js';
import { subjectText } from './subject.js';
import { type Cell, type Column, renderTable } from './table.js';

const columns = [
  { name: 'DIFFERENCE', isNumber: true },
  { name: 'A', isNumber: true },
  { name: 'B', isNumber: true },
  { name: 'COUNT', isNumber: true },
  { name: 'P50 A', isNumber: true },
  { name: 'P50 B', isNumber: true },
  { name: 'MAX A', isNumber: true },
  { name: 'MAX B', isNumber: true },
  { name: 'CHANGE' },
  { name: 'SERVICE', atLeast: 8 },
  { name: 'WHAT', atLeast: 12 },
] as const satisfies readonly Column[];

/**
 * Writes the comparison of two traces: the reasons in a sentence, the two traces, and a table of the differences,
 * which sum up to the difference of the durations.
 *
 * @param top so many differences have a row of their own; what the others sum up to is one more
 */
export function* renderDiff(diff: Diff, display: Display, top: number): Generator<string> {
  const { width = Infinity, colour } = display;
  const print = (pieces: readonly Piece[]): string => `${paint(pieces, colour)}\n`;
  yield print([{ text: sentenceOf(diff), style: 'bold' }]);
  for (const caution of cautions(diff)) yield print([{ text: clean(caution), style: 'yellow' }]);
  yield '\n';
  yield print(fit(headOf('A', diff.a), width));
  yield print(fit(headOf('B', diff.b), width));
  yield '\n';
  const shown = columnsFor(width);
  const rows = rowsOf(diff, top).map((cells) => shown.map(({ at }) => cells[at]!));
  yield* renderTable(shown, rows, display);
}

function headOf(name: string, trace: DiffTrace): Piece[] {
  const { base_id, startedAt, beginning, duration: took, points, errors, unfinished } = trace;
  const facts: Piece[] = [
    { text: clean(base_id) },
    { text: moment(startedAt), style: 'dim' },
    { text: clean(subjectText(beginning)) },
    { text: duration(took), style: 'bold' },
    { text: count(points, 'point') },
    { text: errors > 0 ? count(errors, 'error') : '', style: 'red' },
    { text: unfinished > 0 ? `${unfinished} unfinished` : '', style: 'yellow' },
  ];
  return [{ text: `${name}  `, style: 'bold' }, ...joinPieces(facts, { text: ' · ', style: 'dim' })];
}

function columnsFor(width: number): (Column & { readonly at: number })[] {
  const least: Partial<Record<(typeof columns)[number]['name'], number>> = {
    'P50 A': 110,
    'P50 B': 110,
    'MAX A': 140,
    'MAX B': 140,
    CHANGE: 70,
    SERVICE: 90,
  };
  return columns
    .map((column, at) => Object.assign({ at }, column))
    .filter(({ name }) => width >= (least[name] ?? 0));
}

function rowsOf({ a, b, groups, rest }: Diff, top: number): Cell[][] {
  const different = groups.filter((group) => group.difference !== 0);
  const shown = different.slice(0, top);
  const others = [...different.slice(top), ...groups.filter((group) => group.difference === 0)];
  const named = new Map<string, number>();
  for (const group of shown) named.set(subjectText(group), (named.get(subjectText(group)) ?? 0) + 1);
  const rows = shown.map((group) =>
    rowOf(group, named.get(subjectText(group)) === 1 ? '' : (group.path.at(-1) ?? '')),
  );
  if (others.length > 0) {
    const sum = (side: 'a' | 'b'): number => others.reduce((all, group) => all + (group[side]?.self ?? 0), 0);
    const more = different.length - shown.length;
    const equal = others.length - more;
    const what = [
      more > 0 ? `… ${more} more; --top 0 shows all` : '',
      equal > 0 ? `${more > 0 ? '' : '… '}${equal} without a difference` : '',
    ].filter((text) => text !== '');
    rows.push(sumOf(sum('a'), sum('b'), what.join(', ')));
  }
  if (rest.a !== 0 || rest.b !== 0) rows.push(sumOf(rest.a, rest.b, '… between the points at the top'));
  const whole = sumOf(a.duration, b.duration, 'the whole');
  rows.push(whole.map(({ text }) => ({ text, style: 'bold' as const })));
  return rows;
}

function rowOf(group: DiffGroup, parent: string): Cell[] {
  const { a, b, difference, change, moved, hasBelow, service } = group;
  const failed = (b?.failed ?? 0) > (a?.failed ?? 0);
  const what = [
    subjectText(group),
    hasBelow ? 'itself' : '',
    parent === '' ? '' : `in ${parent}`,
    moved ? '(elsewhere)' : '',
  ];
  return [
    { text: signed(difference), style: difference > 0 ? 'yellow' : 'green' },
    self(a),
    self(b),
    { text: counts(a?.count ?? 0, b?.count ?? 0) },
    time(a, 'p50'),
    time(b, 'p50'),
    time(a, 'max'),
    time(b, 'max'),
    { text: change, style: 'dim' },
    { text: service ?? '', style: 'dim' },
    { text: what.filter((word) => word !== '').join(' '), style: failed ? 'red' : undefined },
  ];
}

function counts(a: number, b: number): string {
  return a === b ? String(a) : `${a} → ${b}`;
}

function self(side: DiffSide | null): Cell {
  return { text: side === null ? '' : duration(side.self), style: 'dim' };
}

/** Points without a known duration have no median. */
function time(side: DiffSide | null, key: 'p50' | 'max'): Cell {
  const isKnown = side !== null && side.count > side.unfinished;
  return { text: isKnown ? duration(side[key]) : '', style: 'dim' };
}

function sumOf(a: number, b: number, what: string): Cell[] {
  const cells = Array.from({ length: columns.length - 4 }, (): Cell => ({ text: '' }));
  return [
    { text: signed(b - a) },
    { text: duration(a) },
    { text: duration(b) },
    ...cells,
    { text: what, style: 'dim' },
  ];
}
