// Measures what a wrapped call costs, in time and in memory.
import { randomUUID } from 'node:crypto';

import { type Budget, budgetTable, plot, signed, table, text } from '../markdown.js';
import type { Bench, Node, Part, Section } from '../part.js';
import { bars } from '../plot.js';
import { type Summary, median, rotated, summary } from '../statistics.js';
import { type Variant, beforeName, requestVariants, storeOf } from '../variants.js';
import { type Kind, kinds } from './kinds.js';
import { type Subject, startSubject } from './process.js';
import type { Order, State } from './subject.js';

/** A state of the process in which calls are made. */
interface Place {
  readonly name: string;
  readonly variant: string;
  readonly state: State;
  readonly inTrace?: true;
}

const now: readonly Place[] = [
  { name: 'none', variant: 'none', state: 'quiet' },
  { name: 'none, once more', variant: 'none, once more', state: 'quiet' },
  { name: 'disabled', variant: 'ostrace disabled', state: 'quiet' },
  { name: 'idle', variant: 'ostrace idle', state: 'quiet' },
  { name: 'after a trace', variant: 'ostrace idle', state: 'after' },
  { name: 'beside a trace', variant: 'ostrace traced', state: 'live' },
  { name: 'traced', variant: 'ostrace traced', state: 'live', inTrace: true },
];

/** Those of an earlier ostrace follow the ones that they are compared with. */
const placesOf = ({ places: { before } }: Bench): readonly Place[] =>
  before === undefined
    ? now
    : now.flatMap((place) =>
        place.variant.startsWith('ostrace')
          ? [place, { ...place, name: beforeName(place.name), variant: beforeName(place.variant) }]
          : [place],
      );

interface Rounds {
  readonly warmUps: number;
  readonly ns: number;
  readonly bytes: number;
}

/** The median duration of a call, and the median of its difference to a call without an agent in the same round. */
interface Cost {
  readonly ns: number;
  readonly addedNs: number;
  readonly addedBytes: number;
  /** How much longer a call takes than under the earlier ostrace: the differences within a round. */
  readonly sinceBefore?: Summary;
}

type Costs = ReadonlyMap<Kind, ReadonlyMap<string, Cost>>;

const idleNs = 50;
const idleBytes = 0;
const pointNs = 1500;
const refusedNs = 3000;
// The difference between two processes of the same program.
const sameAwaitNs = 5;

/** The benchmark of wrapped calls. */
export const calls: Part = {
  name: 'calls',
  title: 'Calls',
  async run(bench: Bench): Promise<Section> {
    const rounds = bench.isQuick ? { warmUps: 2, ns: 3, bytes: 2 } : { warmUps: 40, ns: 40, bytes: 7 };
    const results = new Map<Node, Costs>();
    for (const node of bench.nodes) {
      bench.say(`Node ${node.version}: calls`);
      results.set(node, await measure(node, bench, rounds));
    }
    return {
      rounds: `${rounds.ns} rounds`,
      lines: [
        ...plot('calls.svg', 'what a traced call takes more, by version of Node'),
        ...budgetTable([...results].flatMap(([node, costs]) => budgets(node, costs))),
        ...[...results].flatMap(([node, costs]) => tables(node, costs)),
      ],
      plots: { 'calls.svg': picture(results) },
    };
  },
};

async function measure(node: Node, bench: Bench, rounds: Rounds): Promise<Costs> {
  const variants = requestVariants(bench.places);
  const places = placesOf(bench);
  const subjects = new Map<string, Subject>();
  try {
    for (const { variant: name, state } of places) {
      const key = `${name} ${state}`;
      if (subjects.has(key)) continue;
      const store = storeOf(bench.places, `calls ${key} ${node.version}`);
      const variant = withStore(
        variants.find((each) => each.name === name)!,
        store,
      );
      subjects.set(key, await startSubject(node, variant, state, store, randomUUID()));
    }
    const of = (place: Place): Subject => subjects.get(`${place.variant} ${place.state}`)!;
    const times = (count: number, what: Order['measure']): Promise<Values> =>
      takeTurns(count, what, places, of);
    await times(rounds.warmUps, 'ns');
    const ns = await times(rounds.ns, 'ns');
    const bytes = await times(rounds.bytes, 'bytes');
    for (const subject of subjects.values()) await subject.check();
    return summarize(ns, bytes);
  } finally {
    await Promise.all([...subjects.values()].map((subject) => subject.stop()));
  }
}

const withStore = (variant: Variant, store: string): Variant => ({
  ...variant,
  env: {
    ...variant.env,
    ...(variant.preload !== undefined && { OSTRACE_CONNECTION_STRING: `file://${store}` }),
  },
});

type Values = ReadonlyMap<Kind, ReadonlyMap<string, readonly number[]>>;

/**
 * Refused headers are measured only in these places. The others would tell nothing, because nobody looks at the
 * headers, or the same code does.
 */
const refusedAt: readonly string[] = ['none', 'idle', 'beside a trace'];

function isAsked(kind: Kind, place: Place): boolean {
  if (kind.isRefused) return refusedAt.some((name) => [name, beforeName(name)].includes(place.name));
  return place.inTrace !== true || kind.points !== undefined;
}

async function takeTurns(
  rounds: number,
  what: Order['measure'],
  places: readonly Place[],
  of: (place: Place) => Subject,
): Promise<Values> {
  const values = new Map(
    kinds.map((kind) => [kind, new Map(places.map(({ name }) => [name, [] as number[]]))]),
  );
  for (let round = 0; round < rounds; round++) {
    for (const place of rotated(places, round)) {
      for (const [index, kind] of kinds.entries()) {
        if (!isAsked(kind, place)) continue;
        const value = await of(place).run(
          { kind: index, inTrace: place.inTrace === true, measure: what },
          kind,
        );
        values.get(kind)!.get(place.name)!.push(value);
      }
      // The worker thread's work for one batch must not run beside the next batch.
      await of(place).check();
    }
  }
  return values;
}

function summarize(ns: Values, bytes: Values): Costs {
  const added = (values: Values, kind: Kind, place: string): number => {
    const none = values.get(kind)!.get('none')!;
    return median(
      values
        .get(kind)!
        .get(place)!
        .map((value, round) => value - none[round]!),
    );
  };
  return new Map(
    kinds.map((kind) => [
      kind,
      new Map(
        [...ns.get(kind)!].map(([name, values]) => [
          name,
          {
            ns: median(values),
            addedNs: added(ns, kind, name),
            addedBytes: added(bytes, kind, name),
            ...differences(values, ns.get(kind)!.get(beforeName(name))),
          },
        ]),
      ),
    ]),
  );
}

function differences(
  values: readonly number[],
  before: readonly number[] | undefined,
): Pick<Cost, 'sinceBefore'> {
  if (before === undefined || before.length === 0) return {};
  return { sinceBefore: summary(values.map((value, round) => value - before[round]!)) };
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
      row('idle', idleNs, of('idle').addedNs, 'ns');
      row('idle, allocated', idleBytes, Math.round(of('idle').addedBytes), 'bytes');
      if (kind.points !== undefined)
        row('traced, a point', pointNs, of('traced').addedNs / kind.points, 'ns');
    }
  }
  rows.push({
    node,
    what: 'a refused header, the dearest',
    most: refusedNs,
    measured: refused,
    unit: 'ns',
    digits: 0,
  });
  return rows;
}

function tables({ version }: Node, costs: Costs): string[] {
  const names = [...[...costs.values()][0]!.keys()].filter((name) => name !== 'none');
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
      rows(({ addedNs }) => signed(addedNs, 0)),
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
    `### Node ${version}: a header that is refused`,
    '',
    ...table(['', 'ns, idle', 'bytes', 'ns, beside a trace', 'bytes'], refused),
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

function picture(results: ReadonlyMap<Node, Costs>): string {
  const traced = kinds.filter(({ points }) => points);
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
