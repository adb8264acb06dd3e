// How many events a second does a store take? See the README beside this file.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import type { Driver } from '../../src/drivers/driver.js';
import { masked, openDriver } from '../../src/drivers/index.js';
import { driverSettings } from '../driver-settings.js';
import { median, rotated } from '../statistics.js';
import { linesOf } from './events.js';
import { type RealStore, provideServers } from './servers.js';
import { bytesIn } from './sizes.js';

const { values, positionals } = parseArgs({
  options: { rounds: { type: 'string', default: '7' } },
  allowPositionals: true,
});

const batches = 20;
const batchLines = 1000;

interface Store {
  readonly name: string;
  readonly driver: Driver;
  /** How many bytes there are by now, in the store or sent to the sink. */
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

async function main(): Promise<void> {
  const scratch = mkdtempSync(join(tmpdir(), 'ostrace-bench-'));
  const processes: ChildProcess[] = [];
  let servers: RealStore[] = [];
  try {
    if (positionals.length === 0) servers = await provideServers();
    mkdirSync(join(scratch, 'traces'));
    const files = `file://${join(scratch, 'traces')}`;
    const stores = [
      real(files, 'files'),
      ...servers.map(({ connectionString, name }) => real(connectionString, name)),
      ...positionals.map((connectionString) => real(connectionString, masked(connectionString))),
      ...(await Promise.all(['otlp', 'zipkin', 'elasticsearch'].map((scheme) => sunk(scheme, processes)))),
    ];
    const before = new Map<Store, number>();
    for (let round = 0; round <= Number(values.rounds); round++) {
      for (const store of rotated(stores, round)) await writeRound(store, round > 0);
      if (round > 0) continue;
      // Now tables are made and memory is taken.
      for (const store of stores) {
        before.set(store, (await store.bytes()) ?? Number.NaN);
        store.events = 0;
      }
    }
    console.log(
      `Node ${process.version}\n\n| | events/s | CPU ms for 10,000 | bytes |\n| --- | --- | --- | --- |`,
    );
    for (const store of stores) {
      const bytes = ((await store.bytes()) ?? Number.NaN) - before.get(store)!;
      const size = Number.isNaN(bytes) ? '' : Math.round(bytes / store.events);
      const speed = Math.round(median(store.eventsPerSecond) / 100) * 100;
      console.log(
        `| ${store.name} | ${speed.toLocaleString('en')} | ${median(store.cpuMs).toFixed(0)} | ${size} |`,
      );
      await store.driver.close();
    }
  } finally {
    for (const child of processes) child.disconnect();
    await Promise.allSettled(servers.map((server) => server.release()));
    rmSync(scratch, { recursive: true, force: true });
  }
}

void main();
