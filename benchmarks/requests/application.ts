// Runs the measured application under one of the variants.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { Agent } from 'node:http';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

import { spansOf } from '../sinks.js';
import type { Variant } from '../variants.js';
import { type Cpu, cpuOf } from './cpu.js';
import type { Endpoint } from './endpoints.js';
import { ask, openConnections, sendBatch } from './load.js';
import { plainHeaders, signedHeaders } from './signed.js';
import type { Store } from './store.js';
import type { Upstream } from '../upstream.js';

/** The price of one batch: all CPU time from its start to the start of the same application's next batch. */
export interface Batch {
  readonly endpoint: Endpoint;
  readonly round: number;
  readonly cpu: { readonly process: number; readonly thread: number };
  /** The time by the wall clock, from the first request to the last response. */
  readonly seconds: number;
  /** How many spans or points there were for each request. */
  readonly points: number;
}

/** The application under one of the variants. */
export interface Application {
  readonly variant: Variant;
  /** Whether a batch was sent and is not finished. */
  isRunning(): boolean;
  /** Sends a batch; `finish` it. */
  begin(endpoint: Endpoint, round: number): Promise<void>;
  /** Checks that the batch's work was done, and tells what it cost. */
  finish(): Promise<Batch>;
  cpu(): Cpu;
  /** MiB of memory that it holds. */
  residentMebibytes(): number;
  stop(): Promise<void>;
}

const startLimitMs = 20_000;
const storeLimitMs = 10_000;

export async function startApplication(
  node: string,
  file: string,
  variant: Variant,
  store: Store,
  upstream: Upstream,
): Promise<Application> {
  const { name, preload, cwd, env } = variant;
  const args = preload === undefined ? [file] : ['--require', preload.require, file];
  const child = spawn(node, args, {
    cwd,
    env: { ...env, UPSTREAM: upstream.url, UPSTREAM_GRPC: upstream.grpc },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const pid = child.pid!;
  // The run may be interrupted, and no process may be left behind.
  const kill = (): boolean => child.kill('SIGKILL');
  process.once('exit', kill);
  const port = await portOf(child, name);
  const connections: Agent = openConnections();
  let running:
    | { endpoint: Endpoint; round: number; before: Cpu; points: number; ids: string[]; seconds: number }
    | undefined;
  /** All points or spans so far, except those of ostrace, which are in the store. */
  const pointsSoFar = async (): Promise<number> => {
    if (variant.isMinimal !== true) return spansOf(name);
    return Number(await ask(port, connections, '/points'));
  };

  return {
    variant,

    isRunning: () => running !== undefined,

    async begin(endpoint, round) {
      const ids: string[] = [];
      const batch = { endpoint, round, points: await pointsSoFar(), before: cpuOf(pid), ids };
      const started = performance.now();
      await sendBatch(port, connections, endpoint, () => {
        if (variant.signed !== true) return plainHeaders();
        const { base_id, headers } = signedHeaders();
        ids.push(base_id);
        return headers;
      });
      running = { ...batch, seconds: (performance.now() - started) / 1000 };
    },

    async finish() {
      const { endpoint, round, before, ids, seconds } = running!;
      const wanted = wantedOf(variant, endpoint) * endpoint.requests;
      const count = async (): Promise<number> =>
        variant.isPeer || variant.isMinimal
          ? (await pointsSoFar()) - running!.points
          : (await store.count(ids, wanted * 2)) / 2;
      const deadline = performance.now() + storeLimitMs;
      let counted = await count();
      for (; counted < wanted && performance.now() < deadline; counted = await count()) await sleep(50);
      running = undefined;
      const points = counted / endpoint.requests;
      // A peer may record more than that.
      const isRight = variant.records || variant.mayRecord ? counted >= wanted : counted === wanted;
      await store.discard(ids);
      if (!isRight) {
        throw new Error(
          `${name}: ${endpoint.path} left ${points} points a request; expected ${wanted / endpoint.requests}`,
        );
      }
      const after = cpuOf(pid);
      const which = endpoint.endsThreads ? 'everything' : 'process';
      const cpu = { process: after[which] - before[which], thread: after.thread - before.thread };
      return { endpoint, round, cpu, points, seconds };
    },

    cpu: () => cpuOf(pid),

    residentMebibytes() {
      const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))!;
      return Number(kilobytes) / 1024;
    },

    async stop() {
      connections.destroy();
      const exited = once(child, 'exit');
      kill();
      await exited;
      process.removeListener('exit', kill);
    },
  };
}

/** The points or spans that a request must leave at least. */
function wantedOf(variant: Variant, { points, spans, hasMinimal }: Endpoint): number {
  if (variant.signed) return 1 + points;
  if (variant.isMinimal) return 1 + (hasMinimal ? points : 0);
  return variant.records ? 1 + spans : 0;
}

async function portOf(child: ChildProcess, name: string): Promise<number> {
  const lines = createInterface({ input: child.stdout! });
  const line = await Promise.race([
    once(lines, 'line').then(([text]) => text as string),
    once(child, 'exit').then(([code]) => `exit code ${code}`),
    sleep(startLimitMs, 'no line in time', { ref: false }),
  ]);
  lines.close();
  if (!line.startsWith('{')) {
    child.kill('SIGKILL');
    throw new Error(`${name} did not start: ${line}`);
  }
  return (JSON.parse(line) as { port: number }).port;
}
