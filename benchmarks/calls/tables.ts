// The tables and the plot of the page of calls.
import { type Budget, budgetTable, plot, signed, table, text } from '../markdown.js';
import type { Node } from '../part.js';
import { bars } from '../plot.js';
import type { Summary } from '../statistics.js';
import type { Kind } from './kind.js';

/** The median duration of a call, and the median of its difference to a call without an agent in the same round. */
export interface Cost {
  readonly ns: number;
  readonly addedNs: number;
  readonly addedBytes: number;
  /** How much longer a call takes than under the earlier ostrace: the differences within a round. */
  readonly sinceBefore?: Summary;
}

/** The costs of each kind in each place. */
export type Costs = ReadonlyMap<Kind, ReadonlyMap<string, Cost>>;

/** A kind that is not measured, because its server is missing. */
export interface Missing {
  readonly name: string;
  readonly why: string;
}

const idleNs = 50;
const idleBytes = 0;
const pointNs = 1500;
const refusedNs = 3000;
// The difference between two processes of the same program.
const sameAwaitNs = 5;

/** The lines of the page. */
export function page(results: ReadonlyMap<Node, Costs>, missing: readonly Missing[]): string[] {
  return [
    ...plot('calls.svg', 'what a traced call takes more, by version of Node'),
    ...budgetTable([...results].flatMap(([node, costs]) => budgets(node, costs))),
    ...[...results].flatMap(([node, costs]) => tables(node, costs, missing)),
  ];
}

function budgets({ version: node }: Node, costs: Costs): Budget[] {
  const rows: Budget[] = [];
  let refused = -Infinity;
  for (const [kind, byPlace] of costs) {
    const of = (place: string): Cost => byPlace.get(place)!;
    const row = (what: string, most: number, measured: number, unit: string): void =>
      void rows.push({ node, what: `${what}: ${kind.name}`, most, measured, unit, digits: 0 });
    if (kind.isRefused) {
      refused = Math.max(refused, of('idle').addedNs, of('beside a trace').addedNs);
    } else if (kind.isAwait) {
      row('after a trace, beyond idle', sameAwaitNs, of('after a trace').ns - of('idle').ns, 'ns');
    } else {
      if (kind.isCoarse !== true) {
        row('idle', idleNs, of('idle').addedNs, 'ns');
        row('idle, allocated', idleBytes, Math.round(of('idle').addedBytes), 'bytes');
      }
      if (kind.points !== undefined)
        row('traced, a point', pointNs, of('traced').addedNs / kind.points, 'ns');
    }
  }
  if (refused > -Infinity) {
    const what = 'a refused header, the dearest';
    rows.push({ node, what, most: refusedNs, measured: refused, unit: 'ns', digits: 0 });
  }
  return rows;
}

function tables({ version }: Node, costs: Costs, missing: readonly Missing[]): string[] {
  const names = [...([...costs.values()][0]?.keys() ?? [])].filter((name) => name !== 'none');
  const called = [...costs].filter(([kind]) => !kind.isRefused);
  const rows = (cell: (cost: Cost) => string): string[][] =>
    called.map(([kind, byPlace]) => [
      kind.name,
      text(byPlace.get('none')!.ns, 0),
      ...names.map((name) => cellOf(byPlace.get(name)!, cell)),
      kind.points ? text(byPlace.get('traced')!.addedNs / kind.points / 2, 0) : '',
    ]);
  const refused = [...costs]
    .filter(([kind]) => kind.isRefused)
    .map(([kind, byPlace]) => [
      kind.name.replace('refused: ', ''),
      ...['idle', 'beside a trace'].flatMap((place) => {
        const { addedNs, addedBytes } = byPlace.get(place)!;
        return [text(addedNs, 0), text(addedBytes, 0)];
      }),
    ]);
  return [
    ...comparison(version, costs),
    `### Node ${version}: ns a call; of none, and what the others add`,
    '',
    ...table(
      ['', 'none', ...names, 'an event'],
      [
        ...rows(({ addedNs }) => signed(addedNs, 0)),
        ...missing.map(({ name, why }) => [name, `not measured: ${why}`, ...names.map(() => ''), '']),
      ],
    ),
    `### Node ${version}: bytes a call, more than none`,
    '',
    ...table(
      ['', ...names],
      called.map(([kind, byPlace]) => [
        kind.name,
        ...names.map((name) => cellOf(byPlace.get(name)!, ({ addedBytes }) => signed(addedBytes, 0))),
      ]),
    ),
    ...(refused.length === 0
      ? []
      : [
          `### Node ${version}: a header that is refused`,
          '',
          ...table(['', 'ns, idle', 'bytes', 'ns, beside a trace', 'bytes'], refused),
        ]),
  ];
}

/** A cell without a measurement stays empty. */
const cellOf = (cost: Cost, cell: (cost: Cost) => string): string =>
  Number.isNaN(cost.ns) ? '' : cell(cost);

function comparison(version: string, costs: Costs): string[] {
  const rows = [...costs].flatMap(([kind, byPlace]) =>
    [...byPlace].flatMap(([name, { ns, sinceBefore }]) => {
      if (sinceBefore === undefined) return [];
      const spread = `${signed(sinceBefore.low, 0)} to ${signed(sinceBefore.high, 0)}`;
      return [[`${kind.name}, ${name}`, text(ns, 0), signed(sinceBefore.median, 0), spread]];
    }),
  );
  if (rows.length === 0) return [];
  return [
    `### Node ${version}: ns a call, and the difference to the earlier ostrace in the same round`,
    '',
    ...table(['', 'now', 'more than before, median', 'quartiles'], rows),
  ];
}

/** What a point of each kind takes. */
export function picture(results: ReadonlyMap<Node, Costs>): string {
  const traced = [...([...results.values()][0]?.keys() ?? [])].filter(({ points }) => points);
  return bars({
    title: 'A traced call: what it takes more, for its point (two events)',
    unit: 'ns',
    series: [...results.keys()].map(({ version }) => `Node ${version}`),
    mark: pointNs,
    digits: 0,
    groups: traced.map((kind) => ({
      label: kind.name,
      values: [...results.values()].map((costs) => costs.get(kind)!.get('traced')!.addedNs / kind.points!),
    })),
  });
}
