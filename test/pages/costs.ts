// The tables of docs/costs.md, taken from the results that the benchmarks have written.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { projectFolder } from '../scenario.js';

type Cells = readonly string[];
/** Makes a table of Markdown. */
type Table = (header: Cells, rows: readonly Cells[]) => string;

const agents = ['ostrace', 'OpenTelemetry', 'dd-trace'] as const;
const comparedNode = '24';
const requests = ['`/ping`', 'one query', 'twenty queries', 'one mysql2 query', 'an outgoing request'];
const names: Readonly<Record<string, string>> = {
  '`/ping`': 'an empty request',
  'a worker': 'a worker thread',
};

/** How much later a service starts, for each version of Node. */
export function startupTable(table: Table): string {
  const measure = 'ms until the first line';
  const rows = nodes(measure).map((node) => {
    const variants = rowsBelow(new RegExp(`^### Node ${node}: ${measure}`));
    const added = (variant: string): string => {
      const [, , , commonJs = '', esModule = ''] = rowOf(variants, variant);
      return `${shortened(commonJs)} / ${shortened(esModule)}`;
    };
    return [node, added('ostrace idle'), added('OpenTelemetry on'), added('dd-trace on')];
  });
  return table(['Node.js', ...agents], rows);
}

/** The agents beside each other, in the rounds in which all of them took part. */
export function tracedTable(table: Table): string {
  const node = nodes('ostrace traced, OpenTelemetry on').find((version) =>
    version.startsWith(`${comparedNode}.`),
  )!;
  const compared = rowsBelow(new RegExp(`^### Node ${node}: ostrace traced, OpenTelemetry on, dd-trace on`));
  const rows = compared.map(([request = '', ...cells]) => {
    const none = rowOf(rowsBelow(new RegExp(`^### Node ${node}: ${request}$`)), 'none')[3]!;
    const each = agents.map((_, i) => {
      const [, ratio = ''] = /\((.*)\)/.exec(cells[2 * i]!) ?? [];
      return `${cells[2 * i + 1]}, ${ratio}`;
    });
    return [names[request] ?? request, none, ...each];
  });
  return table(['', 'µs without an agent', ...agents], rows);
}

/** What ostrace was to cost while it traces, and what it costs. */
export function budgetTable(table: Table): string {
  const rows = rowsBelow(/^### Budgets/, /^## Requests/);
  const traced = rows.filter(([, what = '']) => what.startsWith('traced') && !what.includes('memory'));
  const whats = [...new Set(traced.map(([, what = '']) => what))];
  return table(
    ['', 'aim', ...new Set(traced.map(([node]) => `Node.js ${node}`))],
    whats.map((what) => {
      const same = traced.filter(([, other]) => other === what);
      return [wordsFor(what), same[0]![2]!, ...same.map(([, , , measured = '']) => measured)];
    }),
  );
}

function wordsFor(what: string): string {
  const request = requests.find((name) => what.endsWith(name)) ?? '';
  const measure = what.includes('ratio') ? 'CPU of the process' : "a point, in the application's thread";
  return `${names[request] ?? request}: ${measure}`;
}

let lines: readonly string[] | undefined;

function results(): readonly string[] {
  lines ??= readFileSync(join(projectFolder, 'benchmarks/RESULTS.md'), 'utf8').split('\n');
  return lines;
}

/** The versions of Node for which there is a table of something. */
function nodes(measure: string): readonly string[] {
  const heading = new RegExp(`^### Node (\\S+): ${measure}`);
  return results().flatMap((line) => heading.exec(line)?.[1] ?? []);
}

/** The rows of the first table below a heading, without their own heading. */
function rowsBelow(heading: RegExp, section?: RegExp): readonly Cells[] {
  const after = section === undefined ? 0 : results().findIndex((line) => section.test(line));
  const at = results().findIndex((line, i) => i >= after && heading.test(line));
  if (after < 0 || at < 0) throw new Error(`benchmarks/RESULTS.md has no heading ${heading}`);
  const start = results().findIndex((line, i) => i > at && line.startsWith('| --- |'));
  const end = results().findIndex((line, i) => i > start && !line.startsWith('|'));
  return results()
    .slice(start + 1, end)
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}

function rowOf(rows: readonly Cells[], name: string): Cells {
  const row = rows.find(([first]) => first === name);
  if (row === undefined) throw new Error(`benchmarks/RESULTS.md has a table without the row "${name}"`);
  return row;
}

/** `+5.6 (4…7)` → `+6` */
const shortened = (cell: string): string =>
  cell.replace(/ .*/, '').replace(/[\d.]+/, (n) => `${Math.round(Number(n))}`);
