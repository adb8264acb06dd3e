// Measures what a wrapped call costs, in time and in memory.
import { randomUUID } from 'node:crypto';

import type { Bench, Node, Part, Section } from '../part.js';
import { median, rotated, summary } from '../statistics.js';
import { type Places, type Variant, beforeName, requestVariants, storeOf } from '../variants.js';
import type { Kind } from './kind.js';
import { kindsNamed } from './kinds.js';
import { type Outside, openOutside } from './outside.js';
import { type Subject, startSubject } from './process.js';
import type { Order, State } from './subject.js';
import { type Cost, type Costs, type Missing, page, picture } from './tables.js';
import { namedFile } from './targets/named.js';

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
const placesOf = ({ before }: Places): readonly Place[] =>
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

/** The benchmark of wrapped calls. */
export const calls: Part = {
  name: 'calls',
  title: 'Calls',
  async run(bench: Bench): Promise<Section> {
    const asked = kindsNamed(bench.only);
    const rounds = bench.isQuick ? { warmUps: 2, ns: 3, bytes: 2 } : { warmUps: 40, ns: 40, bytes: 7 };
    const outside = await openOutside(asked);
    try {
      const kinds = asked.filter(({ needs }) => needs === undefined || !outside.missing.has(needs));
      const missing = asked.flatMap(({ name, needs }): Missing[] => {
        const why = needs && outside.missing.get(needs);
        return why === undefined ? [] : [{ name, why }];
      });
      const results = new Map<Node, Costs>();
      for (const node of bench.nodes) {
        bench.say(`Node ${node.version}: calls`);
        results.set(node, await measure(node, placesWith(bench, outside), kinds, rounds));
      }
      return {
        rounds: `${rounds.ns} rounds`,
        lines: page(results, missing),
        plots: { 'calls.svg': picture(results) },
      };
    } finally {
      await outside.close();
    }
  },
};

const placesWith = ({ places }: Bench, { env }: Outside): Places => ({
  ...places,
  servers: { ...places.servers, ...env },
});

async function measure(node: Node, where: Places, kinds: readonly Kind[], rounds: Rounds): Promise<Costs> {
  const variants = requestVariants(where);
  const places = placesOf(where);
  const subjects = new Map<string, Subject>();
  try {
    for (const { variant: name, state } of places) {
      const key = `${name} ${state}`;
      if (subjects.has(key)) continue;
      const store = storeOf(where, `calls ${key} ${node.version}`);
      const variant = withStore(
        variants.find((each) => each.name === name)!,
        store,
      );
      subjects.set(key, await startSubject(node, variant, state, store, randomUUID(), kinds));
    }
    const of = (place: Place): Subject => subjects.get(`${place.variant} ${place.state}`)!;
    const times = (count: number, what: Order['measure']): Promise<Values> =>
      takeTurns(kinds, count, what, places, of);
    await times(rounds.warmUps, 'ns');
    const ns = await times(rounds.ns, 'ns');
    const bytes = await times(rounds.bytes, 'bytes');
    for (const subject of subjects.values()) await subject.check();
    return summarize(ns, bytes);
  } finally {
    await Promise.all([...subjects.values()].map((subject) => subject.stop()));
  }
}

/** With a store of its own, and the functions by name. */
const withStore = (variant: Variant, store: string): Variant => ({
  ...variant,
  env: {
    ...variant.env,
    ...(variant.preload !== undefined && {
      OSTRACE_CONNECTION_STRING: `file://${store}`,
      OSTRACE_POINTS: namedFile,
    }),
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
  kinds: readonly Kind[],
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
      for (const kind of kinds) {
        if (!isAsked(kind, place)) continue;
        const value = await of(place).run(
          { kind: kind.name, inTrace: place.inTrace === true, measure: what },
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
    [...ns.keys()].map((kind) => [
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
