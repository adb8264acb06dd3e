// The benchmark that measures how the cost grows.
import { type Budget, budgetTable, grouped, plot, table, text } from '../markdown.js';
import type { Bench, Node, Part, Section } from '../part.js';
import { lines } from '../plot.js';
import { type LiveResult, measureConcurrency, measurePoints, type PointsResult } from './live.js';
import { type StoreResult, measureStores } from './stored.js';

interface Results {
  readonly points: readonly PointsResult[];
  readonly live: readonly LiveResult[];
}

const pointMicros = 1.5;
const leastWeighed = 100;

/** How does the cost grow with points, with traces at a time, with traces stored? */
export const scale: Part = {
  name: 'scale',
  title: 'Scale',
  async run(bench: Bench): Promise<Section> {
    const results = new Map<Node, Results>();
    for (const node of bench.nodes) {
      bench.say(`Node ${node.version}: points in a trace, traces at a time`);
      const points = await measurePoints(node, bench);
      results.set(node, { points, live: await measureConcurrency(node, bench) });
    }
    const node = bench.nodes.at(-1)!;
    bench.say(`Node ${node.version}: traces in a store`);
    const stores = await measureStores(node, bench);
    return {
      rounds: `traces in a store under Node ${node.version} alone`,
      lines: [
        ...plot('scale-points.svg', 'cost of a point by the points of its trace'),
        ...plot('scale-live.svg', 'cost of a point by the traces at a time'),
        ...plot('scale-stored.svg', 'time of list and show by the traces in the store'),
        ...budgetTable([...results].flatMap(([{ version }, each]) => budgets(version, each))),
        ...[...results].flatMap(([{ version }, each]) => [
          ...pointsTable(version, each.points),
          ...liveTable(version, each.live),
        ]),
        ...storedTable(node.version, stores),
      ],
      plots: pictures(results, stores),
    };
  },
};

function budgets(node: string, { points, live }: Results): Budget[] {
  const [most, busiest] = [points.at(-1)!, live.at(-1)!];
  const row = (what: string, micros: number): Budget => ({
    node,
    what: `application's thread, a point: ${what}`,
    most: pointMicros,
    measured: micros,
    unit: 'µs',
    digits: 2,
  });
  return [
    row(`${grouped(most.points)} in a trace`, most.threadMicros),
    row(`${grouped(busiest.traces)} traces at a time`, busiest.threadMicros),
  ];
}

function pointsTable(version: string, results: readonly PointsResult[]): string[] {
  return [
    `### Node ${version}: points in a trace`,
    '',
    ...table(
      [
        'points in a trace',
        "µs a point, application's thread",
        'µs a point, all other threads',
        '`show`, ms',
      ],
      results.map((each) => [
        grouped(each.points),
        text(each.threadMicros, 2),
        text(each.otherMicros, 2),
        text(each.showMs, 1),
      ]),
    ),
  ];
}

function liveTable(version: string, results: readonly LiveResult[]): string[] {
  return [
    `### Node ${version}: traces at a time`,
    '',
    ...table(
      [
        'traces at a time',
        "µs a point, application's thread",
        'µs a point, all other threads',
        'bytes of heap a live trace',
      ],
      results.map((each) => [
        grouped(each.traces),
        text(each.threadMicros, 2),
        text(each.otherMicros, 2),
        // With few traces, other changes of the heap are larger.
        each.traces < leastWeighed ? '' : grouped(each.heapBytes),
      ]),
    ),
  ];
}

function storedTable(version: string, results: readonly StoreResult[]): string[] {
  return [
    `### Node ${version}: traces in a store, ms`,
    '',
    ...table(
      ['store', 'traces', '`list`', '`list --json` (all)', '`show`', 'MiB resident, `list`'],
      results.map((each) => [
        each.store,
        grouped(each.traces),
        text(each.listMs, 1),
        text(each.listAllMs, 1),
        text(each.showMs, 1),
        text(each.listMiB, 0),
      ]),
    ),
  ];
}

function pictures(
  results: ReadonlyMap<Node, Results>,
  stores: readonly StoreResult[],
): Record<string, string> {
  const all = [...results].map(([{ version }, each]) => ({ name: `Node ${version}`, ...each }));
  const names = [...new Set(stores.map(({ store }) => store))];
  return {
    'scale-points.svg': lines({
      title: "Application's thread",
      x: 'points in a trace',
      y: 'µs a point',
      series: all.map(({ name, points }) => ({
        name,
        points: points.map((each) => [each.points, each.threadMicros] as const),
      })),
    }),
    'scale-live.svg': lines({
      title: "Application's thread",
      x: 'traces at a time',
      y: 'µs a point',
      series: all.map(({ name, live }) => ({
        name,
        points: live.map((each) => [each.traces, each.threadMicros] as const),
      })),
    }),
    'scale-stored.svg': lines({
      title: 'The command, without the start of its process',
      x: 'traces in the store',
      y: 'ms',
      series: names.flatMap((store) =>
        (['listMs', 'showMs'] as const).map((what) => ({
          name: `${store}, ${what === 'listMs' ? 'trace list' : 'trace show'}`,
          points: stores
            .filter((each) => each.store === store)
            .map((each) => [each.traces, each[what]] as const),
        })),
      ),
    }),
  };
}
