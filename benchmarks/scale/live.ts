// Measures how the cost grows with points and with traces at a time.
import { fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';

import { end, nextMessage } from '../ask.js';
import { linesIn } from '../lines.js';
import type { Bench, Node } from '../part.js';
import { cpuOf } from '../requests/cpu.js';
import { median } from '../statistics.js';
import { type Variant, requestVariants, storeOf } from '../variants.js';
import { readIn } from './read-in.js';
import type { Answer, Order } from './tracer.js';

interface Costs {
  /** The time of the application's thread. */
  readonly threadMicros: number;
  /** The time of the process's other threads, nearly all of it the worker thread's: packing, storing. */
  readonly otherMicros: number;
}

export interface PointsResult extends Costs {
  /** The number of points in each trace. */
  readonly points: number;
  /** The duration of `trace show` for one of them, without the start of its process. */
  readonly showMs: number;
}

export interface LiveResult extends Costs {
  readonly traces: number;
  /** The bytes that each of them keeps on the heap while it is live. */
  readonly heapBytes: number;
}

// The ring between the threads holds about 24,000 events.
const batchPoints = 2000;
const leastPoints = 20_000;

/** The same number of points (or one trace, where that is more) in traces of more and more points. */
export async function measurePoints(node: Node, bench: Bench): Promise<PointsResult[]> {
  const sizes = bench.isQuick ? [1, 10, 1000] : [1, 10, 100, 1000, 10_000, 100_000];
  const least = bench.isQuick ? 100 : leastPoints;
  const results: PointsResult[] = [];
  for (const points of sizes) {
    const count = Math.min(1000, Math.max(1, Math.ceil(least / points)));
    // One trace after the other: one is live at a time.
    const { costs, folder, last } = await trace(node, bench, `points-${points}`, 1, points, count);
    const { showMs } = await readIn(node, `file://${folder}`, last, bench.isQuick ? 1 : 5);
    results.push({ points, showMs, ...costs });
  }
  return results;
}

/** The same number of points in more and more traces at a time. */
export async function measureConcurrency(node: Node, bench: Bench): Promise<LiveResult[]> {
  const sizes = bench.isQuick ? [1, 10, 100] : [1, 10, 100, 1000, 10_000];
  const least = bench.isQuick ? 200 : leastPoints;
  const results: LiveResult[] = [];
  for (const traces of sizes) {
    const points = Math.max(2, Math.ceil(least / traces));
    const { costs, heapBytes } = await trace(node, bench, `live-${traces}`, traces, points, 1);
    results.push({ traces, heapBytes, ...costs });
  }
  return results;
}

/**
 * Makes traces in a process of their own.
 *
 * @param atATime how many are live together, and take turns with their points
 * @param points of each trace
 * @param count how many of these groups follow one another
 */
async function trace(
  node: Node,
  bench: Bench,
  name: string,
  atATime: number,
  points: number,
  count: number,
): Promise<{ costs: Costs; heapBytes: number; folder: string; last: string }> {
  const folder = storeOf(bench.places, `scale-${name}-${node.version}`);
  const { cwd, env, preload } = requestVariants(bench.places).find((each) => each.signed) as Variant;
  const child = fork(join(__dirname, 'tracer.js'), [join(bench.places.scratch, 'node_modules/ostrace')], {
    execPath: node.path,
    execArgv: ['--expose-gc', '--require', preload!.require],
    cwd,
    env: { ...env, OSTRACE_CONNECTION_STRING: `file://${folder}` },
  });
  const kill = (): boolean => child.kill('SIGKILL');
  process.once('exit', kill);
  const ask = async (order: Order): Promise<Answer> => {
    child.send(order);
    return (await nextMessage(child, name)) as Answer;
  };
  try {
    // Code that has just begun to run is several times as slow.
    await warmUp(ask, folder, bench.isQuick ? 100 : leastPoints);
    const samples: number[] = [];
    let others = 0;
    let heapBytes = 0;
    let last = '';
    for (let group = 0; group < count; group++) {
      const ids = Array.from({ length: atATime }, () => randomUUID());
      last = ids.at(-1)!;
      ({ heapBytes } = await ask({ begin: ids, weigh: count === 1 }));
      const before = cpuOf(child.pid!);
      for (let left = points * atATime; left > 0; left -= batchPoints) {
        const asked = Math.min(left, batchPoints);
        samples.push((await ask({ points: asked })).ns / asked);
        if (left > batchPoints) await stored(folder, ids, points * atATime - left + asked, name);
      }
      await ask({ end: true });
      await stored(folder, ids, points * atATime, name);
      const after = cpuOf(child.pid!);
      others += after.process - after.thread - (before.process - before.thread);
    }
    const threadMicros = median(samples) / 1000;
    return {
      costs: { threadMicros, otherMicros: others / (points * atATime * count) },
      heapBytes,
      folder,
      last,
    };
  } finally {
    await end(child);
    process.removeListener('exit', kill);
    counters.clear();
  }
}

async function warmUp(ask: (order: Order) => Promise<Answer>, folder: string, points: number): Promise<void> {
  const id = randomUUID();
  await ask({ begin: [id], weigh: false });
  for (let made = 0; made < points; made += batchPoints) {
    await ask({ points: batchPoints });
    await stored(folder, [id], made + batchPoints, 'warm-up');
  }
  await ask({ end: true });
}

const counters = new Map<string, ReturnType<typeof linesIn>>();

/** Waits until so many points, dealt out to the traces in turns, are in the store. */
async function stored(folder: string, ids: readonly string[], points: number, name: string): Promise<void> {
  for (const [i, id] of ids.entries()) {
    const own = Math.floor(points / ids.length) + (i < points % ids.length ? 1 : 0);
    if (own === 0) continue;
    const file = join(folder, `${id}.jsonl`);
    const lines = counters.get(file) ?? linesIn(file);
    counters.set(file, lines);
    await lines.reach(own * 2, name);
  }
}
