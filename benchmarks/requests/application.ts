import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import type { Agent } from 'node:http';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Variant } from '../variants.js';
import { type Cpu, cpuOf } from './cpu.js';
import { type Endpoint, openConnections, sendBatch } from './load.js';
import { signedHeaders } from './signed.js';
import type { Sink } from './sink.js';

/** What one batch cost: all CPU time from its start to the start of the same application's next one. */
export interface Batch {
  readonly endpoint: Endpoint;
  readonly cpu: Cpu;
  /** How many spans or points there were for each request. */
  readonly points: number;
}

/** The application under one of the variants. */
export interface Application {
  readonly variant: Variant;
  /** Sends a batch; `finish` it. */
  begin(endpoint: Endpoint): Promise<void>;
  /** Checks that the batch's work was done, and tells what it cost. */
  finish(): Promise<Batch>;
  cpu(): Cpu;
  stop(): Promise<void>;
}

const startLimitMs = 20_000;
const storeLimitMs = 10_000;

export async function startApplication(
  node: string,
  file: string,
  variant: Variant,
  store: string,
  sink: Sink,
): Promise<Application> {
  const { name, preload, cwd, env } = variant;
  const args = preload === undefined ? [file] : ['--require', preload, file];
  const child = spawn(node, args, { cwd, env, stdio: ['ignore', 'pipe', 'inherit'] });
  const pid = child.pid!;
  // The run may be interrupted: none is left behind.
  const kill = (): boolean => child.kill('SIGKILL');
  process.once('exit', kill);
  const port = await portOf(child, name);
  const connections: Agent = openConnections();
  let running: { endpoint: Endpoint; before: Cpu; spans: number; ids: string[] } | undefined;

  return {
    variant,
    async begin(endpoint) {
      const ids: string[] = [];
      const batch = { endpoint, before: cpuOf(pid), spans: sink.count(name), ids };
      await sendBatch(port, connections, endpoint, () => {
        if (variant.signed !== true) return {};
        const { base_id, headers } = signedHeaders();
        ids.push(base_id);
        return headers;
      });
      running = batch;
    },

    async finish() {
      const { endpoint, before, spans, ids } = running!;
      const least = 1 + endpoint.queries;
      // A peer that is on records requests and queries, and more if it likes.
      const isPeerOn = name === 'OpenTelemetry on';
      const count = (): number => (variant.isPeer ? sink.count(name) - spans : countEvents(store, ids) / 2);
      const wanted = isPeerOn || variant.signed ? least * endpoint.requests : 0;
      const deadline = performance.now() + storeLimitMs;
      while (count() < wanted && performance.now() < deadline) await sleep(50);
      const points = count() / endpoint.requests;
      const isRight = isPeerOn ? points >= least : count() === wanted;
      if (!isRight || (!variant.signed && existsSync(store))) {
        throw new Error(
          `${name}: ${endpoint.path} left ${points} points a request; expected ${wanted / endpoint.requests}`,
        );
      }
      // The files stay until the end of the run: ext4 takes long to make new ones where many were just removed.
      const after = cpuOf(pid);
      const cpu = { process: after.process - before.process, thread: after.thread - before.thread };
      return { endpoint, cpu, points };
    },

    cpu: () => cpuOf(pid),

    async stop() {
      connections.destroy();
      const exited = once(child, 'exit');
      kill();
      await exited;
      process.removeListener('exit', kill);
    },
  };
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

const fileOf = (store: string, id: string): string => join(store, `${id}.jsonl`);

function countEvents(store: string, ids: readonly string[]): number {
  let lines = 0;
  for (const id of ids) {
    const file = fileOf(store, id);
    if (existsSync(file))
      lines += readFileSync(file, 'utf8')
        .split('\n')
        .filter((line) => line !== '').length;
  }
  return lines;
}
