// Writes the figures of many traces as tables.
import { count } from '../trace/count.js';
import { labelOf } from './about.js';
import { duration } from './format.js';
import { type Display, joinPieces, paint } from './pieces.js';
import type { GroupStats, Stats, StatsTable } from './stats.js';
import { type Subject, subjectText } from './subject.js';
import { type Cell, type Column, renderTable } from './table.js';

/** The subject of a row. */
type Key = Pick<Subject, 'kind'> & Partial<Subject>;
type Row = Key & GroupStats;

/**
 * Writes the figures of many traces: what was read in a line, then a table each by route, kind and call.
 *
 * @param top so many rows of each table are written; what the others sum up to is one more
 */
export function* renderStats(
  { routes, kinds, calls, ...whole }: Stats,
  display: Display,
  top: number,
): Generator<string> {
  yield `${paint(joinPieces(headOf(whole), { text: ' · ', style: 'dim' }), display.colour)}\n`;
  yield* renderRows('BY ROUTE', 'routes', routes, display, top);
  yield* renderRows('BY KIND OF POINT', 'kinds', kinds, display, top);
  yield* renderRows('BY STATEMENT OR CALL', 'calls', calls, display, top);
  const tables: readonly StatsTable<Key>[] = [routes, kinds, calls];
  if (tables.some(({ groups, others }) => [...groups, others].some((group) => group?.exact === false))) {
    yield `\n~ up to 1 % off\n`;
  }
}

function headOf({
  traces,
  points,
  unfinished,
  unmeasured,
  incomplete,
}: Omit<Stats, 'routes' | 'kinds' | 'calls'>): Cell[] {
  const said = (amount: number, text: string): Cell => ({
    text: amount > 0 ? text : '',
    style: 'yellow',
  });
  return [
    { text: count(traces, 'trace'), style: 'bold' },
    { text: count(points, 'point') },
    said(unfinished, `${unfinished} unfinished`),
    said(unmeasured, `${unmeasured} without a length`),
    said(incomplete, `calls were left out of ${count(incomplete, 'trace')}`),
  ];
}

/** @param noun what there may be too many of to be told apart */
function* renderRows(
  title: string,
  noun: string,
  { groups, others }: StatsTable<Key>,
  display: Display,
  top: number,
): Generator<string> {
  if (groups.length === 0) return;
  const rest = groups.slice(top);
  const shown = columnsFor(display.width ?? Infinity, others === null ? groups : [...groups, others]);
  const rows = groups.slice(0, top).map((group) => cellsOf(group, nameOf(group), group.service ?? ''));
  if (rest.length > 0) rows.push(sumOf(rest, `… ${rest.length} more; --top 0 shows all`));
  if (others !== null) rows.push(cellsOf(others, `… ${noun} beyond the first ${groups.length}`));
  const kept = rows.map((cells) => shown.map(({ at }) => cells[at]!));
  yield `\n${paint([{ text: title, style: 'bold' }], display.colour)}\n`;
  yield* renderTable(shown, kept, display);
}

function nameOf({ kind, what }: Key): string {
  return what === undefined ? labelOf(kind) : subjectText({ kind, what });
}

const columns = [
  { name: 'TOTAL', isNumber: true },
  { name: 'COUNT', isNumber: true },
  { name: 'P50', isNumber: true },
  { name: 'P90', isNumber: true },
  { name: 'P95', isNumber: true },
  { name: 'P99', isNumber: true },
  { name: 'MAX', isNumber: true },
  { name: 'FAILED', isNumber: true },
  { name: 'UNFINISHED', isNumber: true },
  { name: 'SERVICE', atLeast: 8 },
  { name: 'WHAT', atLeast: 12 },
] as const satisfies readonly Column[];

/** The columns for which there is room, and of which there is something to say. */
function columnsFor(
  width: number,
  groups: readonly (GroupStats & Partial<Row>)[],
): (Column & { readonly at: number })[] {
  const isShown: Partial<Record<(typeof columns)[number]['name'], boolean>> = {
    P90: width >= 110,
    P99: width >= 110,
    SERVICE: width >= 90 && groups.some(({ service }) => (service ?? '') !== ''),
    FAILED: groups.some(({ failed }) => failed > 0),
    UNFINISHED: groups.some(({ unfinished }) => unfinished > 0),
  };
  return columns
    .map((column, at) => Object.assign({ at }, column))
    .filter(({ name }) => isShown[name] ?? true);
}

function cellsOf(group: GroupStats, what: string, service = ''): Cell[] {
  const { count: amount, total, p50, p90, p95, p99, max, exact, failed, unfinished } = group;
  const mark = exact ? '' : '~';
  const time = (micros: number, before = ''): Cell => ({
    text: amount === 0 ? '' : before + duration(micros),
  });
  return [
    time(total),
    { text: String(amount) },
    ...[p50, p90, p95, p99].map((micros) => time(micros, mark)),
    time(max),
    { text: failed > 0 ? String(failed) : '', style: 'red' },
    { text: unfinished > 0 ? String(unfinished) : '', style: 'yellow' },
    { text: service, style: 'dim' },
    { text: what },
  ];
}

/** The percentiles of several groups are not known from theirs. */
function sumOf(groups: readonly GroupStats[], what: string): Cell[] {
  const sum = (key: 'total' | 'count' | 'failed' | 'unfinished'): number =>
    groups.reduce((all, group) => all + group[key], 0);
  const blank: Cell = { text: '' };
  const said = (amount: number): string => (amount > 0 ? String(amount) : '');
  return [
    { text: sum('count') === 0 ? '' : duration(sum('total')) },
    { text: String(sum('count')) },
    ...Array.from({ length: 4 }, () => blank),
    { text: sum('count') === 0 ? '' : duration(groups.reduce((most, { max }) => Math.max(most, max), 0)) },
    { text: said(sum('failed')), style: 'red' },
    { text: said(sum('unfinished')), style: 'yellow' },
    blank,
    { text: what, style: 'dim' },
  ];
}
