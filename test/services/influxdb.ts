// An InfluxDB of a test's own.
// needs: influxdb
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { installPackages } from './debian.js';
import { type Scratch, createScratch, findPrograms } from './scratch.js';

/** A server of the tests' own: InfluxDB 1.x, Debian's package influxdb. */
export interface InfluxdbServer {
  readonly port: number;
  stop(): Promise<void>;
}

/** @param settings lines of its configuration's part `[data]` or `[http]`, by that name */
export async function startInfluxdb(
  settings: Readonly<Partial<Record<'data' | 'http', string>>> = {},
): Promise<InfluxdbServer> {
  const influxd = await provideInfluxdb();
  const scratch = await createScratch(['influxdb', 'nobody']);
  const config = join(scratch.folder, 'influxdb.conf');
  writeFileSync(config, configuration(scratch, settings), { mode: 0o644 });
  try {
    await scratch.start(influxd, ['-config', config], 'SIGTERM', async () => {
      const { ok, status } = await fetch(`http://127.0.0.1:${scratch.port}/ping`);
      if (!ok) throw new Error(`HTTP ${status}`);
    });
  } catch (error) {
    await scratch.remove();
    throw error;
  }
  return { port: scratch.port, stop: () => scratch.remove() };
}

/** Makes sure that its program is there, and gives that. */
export async function provideInfluxdb(): Promise<string> {
  if (findPrograms(['influxd']) === undefined) await installPackages('InfluxDB', ['influxdb']);
  const [influxd] = findPrograms(['influxd']) ?? [];
  if (influxd !== undefined) return influxd;
  throw new Error('the tests need InfluxDB 1.x: install it (Debian: apt-get install influxdb)');
}

function configuration(
  { folder, port }: Scratch,
  { data = '', http = '' }: { data?: string; http?: string },
): string {
  return `
reporting-disabled = true
bind-address = "127.0.0.1:0"
[meta]
  dir = "${folder}/meta"
[data]
  dir = "${folder}/data"
  wal-dir = "${folder}/wal"
  query-log-enabled = false
  ${data}
[http]
  bind-address = "127.0.0.1:${port}"
  log-enabled = false
  ${http}
`;
}
