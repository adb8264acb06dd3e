// Prints the table of `ostrace trace list`.
import type { TraceSummary } from '../drivers/driver.js';
import { ago, duration, moment } from '../report/format.js';
import type { Overview } from '../report/overview.js';
import { type Cell, type Column, renderTable } from '../report/table.js';
import { parseTimestamp } from '../trace/parse.js';
import { type Shell, printAll } from './command.js';

const columns: readonly Column[] = [
  { name: 'ID' },
  { name: 'WHEN' },
  { name: 'AGO' },
  { name: 'WHAT', atLeast: 12 },
  { name: 'STATUS', isNumber: true },
  { name: 'TIME', isNumber: true },
  { name: 'POINTS', isNumber: true },
  { name: 'ERRORS', isNumber: true },
  { name: 'SERVICES', atLeast: 8 },
];

const narrow = 110;

/** @param known all known traces: ids are only shortened as far as they differ among these */
export async function printTable(
  shell: Shell,
  shown: readonly Overview[],
  known: readonly TraceSummary[],
  now: number,
): Promise<void> {
  const { width } = shell.display;
  // Programs get whole ids. People get ids that they can type.
  const idOf = width === undefined ? (id: string) => id : shortener(known);
  const left = width !== undefined && width < narrow ? 'WHEN' : '';
  const rows = shown.map((trace) => cellsOf(trace, idOf(trace.base_id), now));
  const isShown = (_: unknown, i: number): boolean => columns[i]!.name !== left;
  await printAll(
    shell,
    renderTable(
      columns.filter(isShown),
      rows.map((cells) => cells.filter(isShown)),
      shell.display,
    ),
  );
}

function cellsOf(trace: Overview, id: string, now: number): Cell[] {
  const micros = parseTimestamp(trace.timestamp) ?? 0;
  const { status, errors, unfinished } = trace;
  return [
    { text: id },
    { text: moment(micros), style: 'dim' },
    { text: ago(micros, now), style: 'dim' },
    { text: trace.what, style: 'bold' },
    {
      text: status === undefined ? '' : String(status),
      style: status !== undefined && status >= 400 ? 'yellow' : 'green',
    },
    { text: unfinished > 0 ? `${duration(trace.duration)}…` : duration(trace.duration) },
    { text: String(trace.points) },
    { text: errors > 0 ? String(errors) : '', style: 'red' },
    { text: trace.services.join(', '), style: 'dim' },
  ];
}

const shortest = 8;

/** Shortens ids as far as they stay different. */
function shortener(traces: readonly TraceSummary[]): (id: string) => string {
  const sorted = traces.map(({ base_id }) => base_id).toSorted();
  const common = (a: string, b = ''): number => {
    let length = 0;
    while (length < a.length && a[length] === b[length]) length++;
    return length;
  };
  const needed = sorted.reduce((most, id, i) => Math.max(most, common(id, sorted[i + 1]) + 1), shortest);
  return (id) => id.slice(0, needed);
}
