/**
 * `npm run fuzz`: the properties of `npm test`, for inputs that nobody has seen yet, and as many as are wanted.
 *
 *   npm run fuzz -- --inputs 1000000 --seed 1 --only arguments
 *
 * Prints how many inputs each property held for, the slowest of them, and the memory that is in use.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { asyncProperty, check as checkProperty, defaultReportMessage } from 'fast-check';

import { checkCalls, checkEnvironments } from './processes.js';
import { checkRequests } from './requests.js';
import type { Target } from './target.js';
import { targets } from './targets.js';

const { values } = parseArgs({
  options: {
    /** How many inputs all properties get together. */
    inputs: { type: 'string', default: '1000000' },
    /** Repeats a run; a new one is made, and printed, when it is not given. */
    seed: { type: 'string', default: String(Date.now() % 0x7fff_ffff) },
    /** Only the properties whose names contain this text. */
    only: { type: 'string', default: '' },
    /** Requests that are sent to a server. */
    requests: { type: 'string', default: '20000' },
    /** Processes that are started, each in an environment and by arguments. */
    processes: { type: 'string', default: '300' },
  },
});
const seed = Number(values.seed);
const rounds = 10;
// What a round leaves behind by chance: compiled code, and the runtime's own caches.
const noiseBytes = 4 * 1024 * 1024;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

function heapBytes(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

interface Result {
  inputs: number;
  ms: number;
  slowestMs: number;
  slowest: string;
}

/** Runs a property for a part of its inputs; gives what fast-check says of a failure. */
async function runRound(
  each: Target,
  runs: number,
  round: number,
  result: Result,
): Promise<string | undefined> {
  const started = performance.now();
  const property = asyncProperty(each.input, async (input) => {
    // Again where it was slow: what else the machine does, and a collection of garbage, are not the input's.
    let ms = Infinity;
    for (let left = 5; left > 0 && ms > result.slowestMs; left--) {
      const before = performance.now();
      await each.check(input);
      ms = Math.min(ms, performance.now() - before);
    }
    if (ms <= result.slowestMs) return;
    result.slowestMs = ms;
    result.slowest = shown(input);
  });
  const details = await checkProperty(property, { seed: seed + round, numRuns: runs });
  result.inputs += details.numRuns;
  result.ms += performance.now() - started;
  return details.failed ? `${each.name}\n${defaultReportMessage(details)}` : undefined;
}

function shown(input: unknown): string {
  const json = JSON.stringify(input, (_, value: unknown) =>
    typeof value === 'bigint' ? `${value}n` : value,
  );
  // A copy: a slice would keep all of it in memory.
  return Buffer.from((json ?? '').slice(0, 150)).toString();
}

async function runProperties(chosen: readonly Target[]): Promise<string[]> {
  const shares = targets.reduce((sum, { share }) => sum + share, 0);
  const results = new Map<Target, Result>(
    chosen.map((each) => [each, { inputs: 0, ms: 0, slowestMs: 0, slowest: '' }]),
  );
  const failures: string[] = [];
  const heaps: number[] = [];
  for (let round = 0; round < rounds; round++) {
    for (const [each, result] of results) {
      const runs = Math.ceil((Number(values.inputs) * each.share) / shares / rounds);
      const failure = await runRound(each, runs, round, result);
      if (failure !== undefined) failures.push(failure);
    }
    heaps.push(heapBytes());
  }
  for (const [{ name }, { inputs, ms, slowestMs, slowest }] of results) {
    say(`${String(inputs).padStart(8)}  ${(ms / 1000).toFixed(1).padStart(6)} s  ${name}`);
    say(`          slowest: ${slowestMs.toFixed(2)} ms, ${slowest}`);
  }
  say(
    `memory in use after each tenth: ${heaps.map((bytes) => `${(bytes / 2 ** 20).toFixed(1)} MB`).join(', ')}`,
  );
  const grown = heaps.at(-1)! - heaps[1]!;
  if (grown > noiseBytes) failures.push(`${grown} bytes more are in use at the end than after two tenths`);
  return failures;
}

/** What needs processes of its own: how many of what, and what checks them. */
const outside = [
  { what: 'requests to a server, traced', count: Number(values.requests), run: checkRequests },
  { what: 'environments of processes, traced', count: Number(values.processes), run: checkEnvironments },
  { what: 'calls of the command, which ended well', count: Number(values.processes), run: checkCalls },
];

async function runOutside(failures: string[]): Promise<void> {
  for (const { what, count, run } of outside.filter((each) => each.what.includes(values.only))) {
    const folder = mkdtempSync(join(tmpdir(), 'ostrace-fuzz-'));
    const started = performance.now();
    try {
      const good = await run(seed, count, folder);
      say(
        `${String(count).padStart(8)}  ${((performance.now() - started) / 1000).toFixed(1).padStart(6)} s  ${what}: ${good}`,
      );
    } catch (error) {
      failures.push(`${what}: ${String(error)}`);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
}

async function main(): Promise<void> {
  say(`seed ${seed}, Node ${process.version}`);
  const started = performance.now();
  const chosen = targets.filter(({ name }) => name.includes(values.only));
  const failures = chosen.length > 0 ? await runProperties(chosen) : [];
  await runOutside(failures);
  say(`done in ${Math.round((performance.now() - started) / 1000)} s`);
  assert.ok(failures.length === 0, `\nseed ${seed}\n\n${failures.join('\n\n')}`);
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
