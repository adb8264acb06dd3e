import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { type Summary, rotated, summary } from '../statistics.js';
import { type Places, type Variant, storeOf } from '../variants.js';
import { type Application, type Batch, startApplication } from './application.js';
import type { Endpoint } from './load.js';
import type { Sink } from './sink.js';

export const endpoints: readonly Endpoint[] = [
  { path: '/ping', what: 'no query', queries: 0, requests: 2000 },
  { path: '/queries/1', what: 'one query', queries: 1, requests: 800 },
  { path: '/queries/20', what: 'twenty queries', queries: 20, requests: 90 },
];

export interface RequestsResult {
  readonly variant: Variant;
  readonly endpoint: Endpoint;
  /** CPU of the whole process for a request. */
  readonly processMicros: Summary;
  /** The same, as a multiple of none in the same round. */
  readonly ratio: Summary;
  /** CPU of the application's thread for a request. */
  readonly threadMicros: Summary;
  /** What the application's thread used beyond none in the same round. */
  readonly addedThreadMicros: Summary;
  /** Points or spans that a request left. */
  readonly points: number;
}

// Less would be lost in what a process does by itself.
const leastBatchMicros = 10_000;
const settleMs = 1500;

export interface Rounds {
  /** Batches of the endpoint with the most queries, until V8 has compiled what runs often. */
  readonly warmUps: number;
  readonly requests: number;
}

/** Measures all variants in turns: each has its own process, and one of them works at a time. */
export async function measureRequests(
  node: string,
  folder: string,
  variants: readonly Variant[],
  places: Places,
  sink: Sink,
  { warmUps, requests: rounds }: Rounds,
): Promise<readonly RequestsResult[]> {
  const applications: Application[] = [];
  try {
    for (const variant of variants) {
      const store = storeOf(places, variant.name);
      applications.push(await startApplication(node, join(folder, 'app.cjs'), variant, store, sink));
    }
    for (const application of applications) await warmUp(application, warmUps);
    const batches = await takeTurns(applications, rounds);
    await refuseIdleWork(applications, batches);
    return endpoints.flatMap((endpoint) => summarize(endpoint, batches));
  } finally {
    await Promise.all(applications.map((application) => application.stop()));
  }
}

type Batches = ReadonlyMap<Variant, readonly Batch[]>;

/** Hooks that have just begun to run cost several times what they cost after some 20,000 queries. */
async function warmUp(application: Application, batches: number): Promise<void> {
  const sequence = [...Array.from({ length: batches }, () => endpoints.at(-1)!), ...endpoints];
  for (const endpoint of sequence) {
    await application.begin(endpoint);
    await application.finish();
  }
}

async function takeTurns(applications: readonly Application[], rounds: number): Promise<Batches> {
  const batches = new Map(applications.map(({ variant }) => [variant, [] as Batch[]]));
  for (let turn = 0; turn < rounds * endpoints.length; turn++) {
    for (const application of rotated(applications, turn)) {
      // What a batch leaves behind (events on their way, timers, garbage) is its own cost: it counts until
      // the next one begins.
      if (turn > 0) batches.get(application.variant)!.push(await application.finish());
      await application.begin(endpoints[turn % endpoints.length]!);
    }
  }
  await sleep(settleMs);
  for (const application of applications) {
    batches.get(application.variant)!.push(await application.finish());
  }
  return batches;
}

/** Fails where the batches are so small that what the processes do by themselves would show in them. */
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

function summarize(endpoint: Endpoint, batches: Batches): RequestsResult[] {
  const of = (variant: Variant): Batch[] =>
    batches.get(variant)!.filter((batch) => batch.endpoint === endpoint);
  const none = of([...batches.keys()][0]!);
  return [...batches.keys()].map((variant) => {
    const own = of(variant);
    const perRequest = (micros: number): number => micros / endpoint.requests;
    return {
      variant,
      endpoint,
      processMicros: summary(own.map(({ cpu }) => perRequest(cpu.process))),
      ratio: summary(own.map(({ cpu }, round) => cpu.process / none[round]!.cpu.process)),
      threadMicros: summary(own.map(({ cpu }) => perRequest(cpu.thread))),
      addedThreadMicros: summary(
        own.map(({ cpu }, round) => perRequest(cpu.thread - none[round]!.cpu.thread)),
      ),
      points: own[0]!.points,
    };
  });
}
