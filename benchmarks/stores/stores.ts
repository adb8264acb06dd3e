// Measures how many events a second a store takes. See the README beside this file.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Driver } from '../../src/drivers/driver.js';
import { masked, openDriver } from '../../src/drivers/index.js';
import { driverSettings } from '../driver-settings.js';
import { grouped, table, text } from '../markdown.js';
import type { Bench, Part, Section } from '../part.js';
import { median, rotated } from '../statistics.js';
import { linesOf } from './events.js';
import { type RealStore, provideServers } from './servers.js';
import { bytesIn } from './sizes.js';

const batches = 20;
const batchLines = 1000;

interface Store {
  readonly name: string;
  readonly driver: Driver;
  /** The number of bytes so far, in the store or sent to the sink. */
  readonly bytes: () => Promise<number | undefined>;
  readonly eventsPerSecond: number[];
  readonly cpuMs: number[];
  events: number;
}

function storeOf(connectionString: string, name: string, bytes: Store['bytes']): Store {
  const driver = openDriver(connectionString, driverSettings);
  return { name, driver, bytes, eventsPerSecond: [], cpuMs: [], events: 0 };
}

const real = (connectionString: string, name: string): Store =>
  storeOf(connectionString, name, () => bytesIn(connectionString));

/** A store whose server is a process that keeps nothing. */
async function sunk(scheme: string, processes: ChildProcess[]): Promise<Store> {
  const sink = fork(join(__dirname, 'sink.js'));
  processes.push(sink);
  const [port] = (await once(sink, 'message')) as [number];
  return storeOf(`${scheme}://127.0.0.1:${port}`, `${scheme} to a sink`, async () => {
    const answer = await fetch(`http://127.0.0.1:${port}/bytes`);
    return Number(await answer.text());
  });
}

async function writeRound(store: Store, isCounted: boolean): Promise<void> {
  const made = Array.from({ length: batches }, () => linesOf(batchLines));
  const cpuBefore = process.cpuUsage();
  const started = performance.now();
  for (const lines of made) await store.driver.write(lines);
  const seconds = (performance.now() - started) / 1000;
  const { user, system } = process.cpuUsage(cpuBefore);
  const events = batches * batchLines;
  store.events += events;
  if (!isCounted) return;
  store.eventsPerSecond.push(events / seconds);
  store.cpuMs.push((user + system) / 1000 / (events / 10_000));
}

/** How many events a second does a store take? */
export const stores: Part = {
  name: 'stores',
  title: 'Stores',
  async run({ isQuick }: Bench): Promise<Section> {
    const rounds = isQuick ? 1 : 5;
    return {
      rounds: `${rounds} rounds`,
      lines: await measureStores([], rounds),
      plots: {},
    };
  },
};

/**
 * @param named connection strings of stores that exist already; empty for those that the tests use
 * @returns a table as Markdown
 */
export async function measureStores(named: readonly string[], rounds: number): Promise<string[]> {
  const scratch = mkdtempSync(join(tmpdir(), 'ostrace-bench-'));
  const processes: ChildProcess[] = [];
  let servers: RealStore[] = [];
  try {
    if (named.length === 0) servers = await provideServers();
    mkdirSync(join(scratch, 'traces'));
    const files = `file://${join(scratch, 'traces')}`;
    const all = [
      real(files, 'files'),
      ...servers.map(({ connectionString, name }) => real(connectionString, name)),
      ...named.map((connectionString) => real(connectionString, masked(connectionString))),
      ...(await Promise.all(['otlp', 'zipkin', 'elasticsearch'].map((scheme) => sunk(scheme, processes)))),
    ];
    const before = new Map<Store, number>();
    for (let round = 0; round <= rounds; round++) {
      for (const store of rotated(all, round)) await writeRound(store, round > 0);
      if (round > 0) continue;
      // By now, tables are made and memory is taken.
      for (const store of all) {
        before.set(store, (await store.bytes()) ?? Number.NaN);
        store.events = 0;
      }
    }
    const rows: string[][] = [];
    for (const store of all) {
      const bytes = ((await store.bytes()) ?? Number.NaN) - before.get(store)!;
      rows.push([
        store.name,
        grouped(Math.round(median(store.eventsPerSecond) / 100) * 100),
        text(median(store.cpuMs), 0),
        Number.isNaN(bytes) ? '' : text(bytes / store.events, 0),
      ]);
      await store.driver.close();
    }
    return table(['', 'events/s', 'CPU ms for 10,000', 'bytes'], rows);
  } finally {
    for (const child of processes) child.disconnect();
    await Promise.allSettled(servers.map((server) => server.release()));
    rmSync(scratch, { recursive: true, force: true });
  }
}
