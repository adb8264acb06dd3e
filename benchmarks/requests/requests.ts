// Measures how much CPU a request costs under each of the agents.
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { type Budget, budgetTable, grouped, plot, quartiles, signed, table, text } from '../markdown.js';
import type { Bench, Node, Part, Section } from '../part.js';
import { bars } from '../plot.js';
import { copyOfScripts } from '../scripts.js';
import { type Summary, seededRandom, shuffled, summary } from '../statistics.js';
import { type Variant, beforeName, minimalName, requestVariants } from '../variants.js';
import { type Application, type Batch, startApplication } from './application.js';
import { type Endpoint, endpoints, warmUpEndpoint } from './endpoints.js';
import { redisStore } from './store.js';
import { openUpstream } from '../upstream.js';

interface Result {
  readonly variant: Variant;
  readonly endpoint: Endpoint;
  /** CPU of the whole process for a request. */
  readonly processMicros: Summary;
  /** The difference of that to none in the same round. */
  readonly addedProcessMicros: Summary;
  /** The same, as a multiple of none in the same round. */
  readonly ratio: Summary;
  /** CPU of the application's thread for a request. */
  readonly threadMicros: Summary;
  /** The difference of that to none in the same round. */
  readonly addedThreadMicros: Summary;
  /** Requests a second, with as many at a time as the load keeps going. */
  readonly perSecond: Summary;
  /** Points or spans of a request. */
  readonly points: number;
}

// With less CPU, the batch would be lost in what a process does by itself.
const leastBatchMicros = 10_000;
const settleMs = 1500;
// The work that a batch leaves behind is done before another application has its turn: OpenTelemetry sends every
// 500 ms.
const quietMs = { own: 100, peer: 600 };
const mostRatio: Readonly<Record<string, number>> = { '/ping': 1.6, '/queries/20': 1.2 };
const mostMicrosPerPoint = 1.5;
const mostMebibytes = 25;

interface Rounds {
  readonly own: number;
  /**
   * The peers take part in every so many of these rounds: they cost several times as much, and their differences
   * are as large.
   */
  readonly peersEvery: number;
  /** Batches of the endpoint with the most queries, until V8 has compiled what runs often. */
  readonly warmUps: number;
}

interface Measured {
  readonly all: readonly Result[];
  /** The results of the rounds in which the peers took part. */
  readonly shared: readonly Result[];
  /** MiB that each variant's application holds after the rounds. */
  readonly resident: ReadonlyMap<string, number>;
}

/** The benchmark of requests. */
export const requests: Part = {
  name: 'requests',
  title: 'Requests',
  async run(bench: Bench): Promise<Section> {
    const rounds = bench.isQuick
      ? { own: 2, peersEvery: 2, warmUps: 0 }
      : { own: 30, peersEvery: 6, warmUps: 8 };
    const results = new Map<Node, Measured>();
    for (const node of bench.nodes) {
      bench.say(`Node ${node.version}: requests`);
      results.set(node, await measure(node, bench, rounds));
    }
    return {
      rounds: `${rounds.own} rounds, the peers in every ${rounds.peersEvery}th`,
      lines: [
        ...[...results].flatMap(([{ version }]) =>
          plot(`requests-${major(version)}.svg`, `CPU of a request as a multiple of none, Node ${version}`),
        ),
        ...budgetTable([...results].flatMap(([node, measured]) => budgets(node, measured))),
        ...[...results].flatMap(([node, { shared }]) => besideRivals(node, shared)),
        ...[...results].flatMap(([node, { resident }]) => memoryTable(node, resident)),
        ...[...results].flatMap(([node, { all }]) =>
          endpoints.flatMap((endpoint) => tables(node, endpoint, all)),
        ),
      ],
      plots: Object.fromEntries(
        [...results].map(([node, { all }]) => [`requests-${major(node.version)}.svg`, picture(node, all)]),
      ),
    };
  },
};

const major = (version: string): string => version.split('.')[0]!;

/** Measures all variants in turns: each has its own process, and one of them works at a time. */
async function measure(node: Node, bench: Bench, rounds: Rounds): Promise<Measured> {
  const applications: Application[] = [];
  const upstream = await openUpstream();
  const file = join(copyOfScripts(bench, 'requests'), 'app.cjs');
  const store = redisStore(bench.places.servers['REDIS_URL']!);
  try {
    for (const variant of requestVariants(bench.places)) {
      const own =
        variant.env['OSTRACE_CONNECTION_STRING'] === undefined
          ? {}
          : { OSTRACE_CONNECTION_STRING: store.connectionString };
      const placed = { ...variant, env: { ...variant.env, ...own } };
      applications.push(await startApplication(node.path, file, placed, store, upstream));
    }
    for (const application of applications) await warmUp(application, rounds.warmUps);
    const batches = await takeTurns(applications, rounds);
    if (!(await store.isEmpty())) throw new Error('a variant that must not record stored events');
    await refuseIdleWork(applications, batches);
    const results = (every: number): Result[] =>
      endpoints.flatMap((endpoint) => summarize(endpoint, batches, every));
    const resident = new Map(
      applications.map(({ variant, residentMebibytes }) => [variant.name, residentMebibytes()]),
    );
    return { all: results(1), shared: results(rounds.peersEvery), resident };
  } finally {
    await Promise.all(applications.map((application) => application.stop()));
    upstream.close();
  }
}

type Batches = ReadonlyMap<Variant, readonly Batch[]>;

/** Hooks that have just begun to run cost several times as much as after about 20,000 queries. */
async function warmUp(application: Application, batches: number): Promise<void> {
  const sequence = [...Array.from({ length: batches }, () => warmUpEndpoint), ...endpoints];
  for (const endpoint of sequence) {
    await application.begin(endpoint, 0);
    await application.finish();
  }
}

async function takeTurns(applications: readonly Application[], rounds: Rounds): Promise<Batches> {
  const batches = new Map(applications.map(({ variant }) => [variant, [] as Batch[]]));
  const finish = async (application: Application): Promise<void> => {
    if (application.isRunning()) batches.get(application.variant)!.push(await application.finish());
  };
  const random = seededRandom(1);
  for (let round = 0; round < rounds.own; round++) {
    for (const endpoint of endpoints.filter(({ every = 1 }) => round % every === 0)) {
      for (const application of shuffled(applications, random)) {
        // The work that a batch leaves behind (unsent events, timers, garbage) is part of its price: it counts
        // until the next batch's turn.
        await finish(application);
        const isPeer = application.variant.isPeer === true;
        if (isPeer && round % rounds.peersEvery !== 0) continue;
        await application.begin(endpoint, round);
        await sleep(isPeer ? quietMs.peer : quietMs.own);
      }
    }
  }
  await sleep(settleMs);
  for (const application of applications) await finish(application);
  return batches;
}

/** Fails if the batches are so small that the processes' own work would show in them. */
async function refuseIdleWork(applications: readonly Application[], batches: Batches): Promise<void> {
  const readings: number[][] = [];
  for (let i = 0; i < 3; i++) {
    if (i > 0) await sleep(settleMs);
    readings.push(applications.map((application) => application.cpu().process));
  }
  applications.forEach(({ variant }, i) => {
    const [first, second, third] = readings.map((reading) => reading[i]!) as [number, number, number];
    // The lesser of two: V8 tidies up once after the load.
    const idle = Math.min(second - first, third - second);
    const least = Math.min(...batches.get(variant)!.map(({ cpu }) => cpu.process));
    if (least < leastBatchMicros || idle > least / 5) {
      throw new Error(`${variant.name}: ${idle} µs of a batch's ${least} µs are not the requests' work`);
    }
  });
}

/** @param every takes only every so many rounds */
function summarize(endpoint: Endpoint, batches: Batches, every: number): Result[] {
  const of = (variant: Variant): Batch[] =>
    batches.get(variant)!.filter((batch) => batch.endpoint === endpoint && batch.round % every === 0);
  const none = new Map(of([...batches.keys()][0]!).map((batch) => [batch.round, batch.cpu]));
  const perRequest = (micros: number): number => micros / endpoint.requests;
  return [...batches.keys()].flatMap((variant) => {
    const own = of(variant);
    const added = (which: keyof Batch['cpu']): Summary =>
      summary(own.map(({ cpu, round }) => perRequest(cpu[which] - none.get(round)![which])));
    if (own.length === 0) return [];
    return {
      variant,
      endpoint,
      processMicros: summary(own.map(({ cpu }) => perRequest(cpu.process))),
      addedProcessMicros: added('process'),
      ratio: summary(own.map(({ cpu, round }) => cpu.process / none.get(round)!.process)),
      threadMicros: summary(own.map(({ cpu }) => perRequest(cpu.thread))),
      addedThreadMicros: added('thread'),
      perSecond: summary(own.map(({ seconds }) => endpoint.requests / seconds)),
      points: own[0]!.points,
    };
  });
}

const perPoint = ({ addedThreadMicros, points }: Result): number => addedThreadMicros.median / points;

function budgets({ version }: Node, { all, resident }: Measured): Budget[] {
  const of = (name: string): readonly Result[] => all.filter(({ variant }) => variant.name === name);
  const ratio = { node: version, unit: '×', digits: 2 };
  const again = of('none, once more');
  const idle = of('ostrace idle').map((result, i) => ({
    ...ratio,
    what: `idle, ratio to none, within what none itself differs by: ${result.endpoint.what}`,
    most: Math.max(1, Number(again[i]!.ratio.high.toFixed(2))),
    measured: result.ratio.median,
  }));
  const traced = of('ostrace traced').flatMap((result) => {
    const most = mostRatio[result.endpoint.path];
    return most === undefined
      ? []
      : [
          {
            ...ratio,
            what: `traced, all requests, ratio to none: ${result.endpoint.what}`,
            most,
            measured: result.ratio.median,
          },
        ];
  });
  const perPointRows = of('ostrace traced')
    .filter(({ endpoint }) => endpoint === warmUpEndpoint)
    .map((result) => ({
      node: version,
      what: `traced, application's thread, a point: ${result.endpoint.what}`,
      most: mostMicrosPerPoint,
      measured: perPoint(result),
      unit: 'µs',
    }));
  const memory = {
    node: version,
    what: 'traced, resident memory after all rounds, beyond none',
    most: mostMebibytes,
    measured: resident.get('ostrace traced')! - resident.get('none')!,
    unit: 'MiB',
  };
  return [...idle, ...traced, ...perPointRows, memory];
}

/** Which of ostrace's variants are compared with which of the peers', or with which of an earlier ostrace. */
const rivals: readonly (readonly [own: string, ...theirs: string[]])[] = [
  ['ostrace traced', 'OpenTelemetry on', 'dd-trace on'],
  ['ostrace idle', 'OpenTelemetry, sampler off', 'dd-trace, rate 0'],
  ['ostrace disabled', 'OpenTelemetry disabled', 'dd-trace disabled'],
  ...['ostrace traced', 'ostrace idle', 'ostrace disabled'].map((name) => [name, beforeName(name)] as const),
];

/** The price that each agent adds, in the rounds in which all agents took part. */
function besideRivals({ version }: Node, shared: readonly Result[]): string[] {
  const cells = (endpoint: Endpoint, name: string): string[] => {
    const result = shared.find((each) => each.endpoint === endpoint && each.variant.name === name)!;
    const { addedProcessMicros, ratio, addedThreadMicros } = result;
    return [
      `${signed(addedProcessMicros.median, 0)} (${text(ratio.median, 2)} ×)`,
      signed(addedThreadMicros.median, 0),
    ];
  };
  const present = rivals.filter((names) =>
    names.every((name) => shared.some(({ variant }) => variant.name === name)),
  );
  return present.flatMap((names) => [
    `### Node ${version}: ${names.join(', ')}: µs of CPU that a request takes more`,
    '',
    ...table(
      ['', ...names.flatMap((name) => [`${name}: process`, "application's thread"])],
      endpoints.map((endpoint) => [endpoint.what, ...names.flatMap((name) => cells(endpoint, name))]),
    ),
  ]);
}

function memoryTable({ version }: Node, resident: ReadonlyMap<string, number>): string[] {
  const none = resident.get('none')!;
  return [
    `### Node ${version}: MiB of memory after all rounds`,
    '',
    ...table(
      ['', 'resident', 'more than none'],
      [...resident].map(([name, mebibytes]) => [name, text(mebibytes, 0), signed(mebibytes - none, 0)]),
    ),
  ];
}

function tables({ version }: Node, endpoint: Endpoint, results: readonly Result[]): string[] {
  const rows = results
    .filter((result) => result.endpoint === endpoint)
    .map((result) => [
      result.variant.name,
      text(result.processMicros.median, 0),
      `${text(result.ratio.median, 2)} ${quartiles(result.ratio, 2)}`,
      text(result.threadMicros.median, 0),
      result.variant.name === 'none'
        ? ''
        : `${signed(result.addedThreadMicros.median, 1)} ${quartiles(result.addedThreadMicros, 0)}`,
      grouped(result.perSecond.median),
      text(result.points, 0),
      result.points === 0 ? '' : text(perPoint(result), 1),
    ]);
  const header = [
    'µs of CPU',
    'process',
    'ratio to none',
    "application's thread",
    'more than none',
    'requests/s',
    'points or spans',
    'µs a point',
  ];
  return [`### Node ${version}: ${endpoint.what}`, '', ...table(header, rows)];
}

function picture({ version }: Node, results: readonly Result[]): string {
  const names = [...new Set(results.map(({ variant }) => variant.name))].filter(
    (name) => name !== 'none' && name !== minimalName,
  );
  return bars({
    title: `CPU of a request, Node ${version}: the whole process`,
    unit: 'as a multiple of no agent',
    series: names,
    mark: 1,
    digits: 2,
    // A peer's thread costs so much that all other bars would be equally short. Its price is in the table.
    groups: endpoints
      .filter(({ endsThreads }) => endsThreads !== true)
      .map((endpoint) => ({
        label: endpoint.what.replaceAll('`', ''),
        values: names.map(
          (name) =>
            results.find((result) => result.endpoint === endpoint && result.variant.name === name)!.ratio
              .median,
        ),
      })),
  });
}
