// Measures how the cost of reading grows with the traces in a store.
import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import type { Line } from '../../src/drivers/driver.js';
import { openDriver } from '../../src/drivers/index.js';
import { redis } from '../../test/services/redis.js';
import { provide } from '../../test/services/service.js';
import { driverSettings } from '../driver-settings.js';
import type { Bench, Node } from '../part.js';
import { readIn } from './read-in.js';
import type { ReadTimes } from './reader.js';

export interface StoreResult extends ReadTimes {
  readonly store: string;
}

const batchLines = 1000;
const pointsInTrace = 3;

/** Fills a folder of files and Redis with more and more traces, and reads them in between. */
export async function measureStores(node: Node, bench: Bench): Promise<StoreResult[]> {
  const folder = join(bench.places.scratch, 'stored');
  mkdirSync(folder);
  const service = await provide(redis);
  try {
    return [
      ...(await measureStore(node, bench, 'files', `file://${folder}`)),
      ...(await measureStore(node, bench, 'Redis', service.env['REDIS_URL']!)),
    ];
  } finally {
    await service.release();
  }
}

async function measureStore(
  node: Node,
  bench: Bench,
  store: string,
  connectionString: string,
): Promise<StoreResult[]> {
  const results: StoreResult[] = [];
  const driver = openDriver(connectionString, driverSettings);
  let there = 0;
  try {
    for (let traces = 1; traces <= bench.traces; traces *= 10) {
      bench.say(`${store}: ${traces} traces`);
      let last = '';
      while (there < traces) {
        const lines: Line[] = [];
        while (there < traces && lines.length < batchLines) {
          last = randomUUID();
          lines.push(...linesOf(last));
          there++;
        }
        await driver.write(lines);
      }
      const rounds = bench.isQuick || traces > 10_000 ? 2 : 7;
      const times = await readIn(node, connectionString, last, rounds);
      if (times.traces !== traces || times.points !== pointsInTrace) {
        throw new Error(
          `${store}: ${times.traces} traces were listed, ${times.points} points shown; expected ${traces}, ${pointsInTrace}`,
        );
      }
      results.push({ store, ...times });
    }
  } finally {
    await driver.close();
  }
  return results;
}

/** A small trace: what `list` costs does not depend on the points. */
function linesOf(base_id: string): Line[] {
  const at = new Date().toISOString().slice(0, -1);
  return Array.from({ length: pointsInTrace }, () => randomUUID()).flatMap((trace_id) =>
    ['start', 'stop'].map((message) => ({
      base_id,
      text: JSON.stringify({
        name: `priced-${message}`,
        base_id,
        trace_id,
        parent_id: base_id,
        timestamp: `${at}000`,
        info: { host: 'orders-7d4b9c6f5-x2x8p' },
        project: 'shop',
        service: 'orders',
      }),
    })),
  );
}
