/**
 * `npm run soak`: a server under the agent for a million traced and ten million untraced requests. Prints what it
 * uses after each tenth, and fails where something is left that should not be.
 *
 *   npm run soak -- --traced 1000000 --untraced 10000000 --node PATH
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { failuresOf } from './facts.js';
import { type State, soak } from './soak.js';

const { values } = parseArgs({
  options: {
    traced: { type: 'string', default: '1000000' },
    untraced: { type: 'string', default: '10000000' },
    /** The Node that the server runs on; this one when it is not given. */
    node: { type: 'string' },
  },
});

const megabytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(2)} MB`;

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function sayState(part: number, state: State, seconds: number): void {
  const { memory, registered, finalized, served, traced } = state;
  const left = Object.entries(registered).map(
    ([kind, count]) => `${kind} ${count - finalized[kind as 'trace']}`,
  );
  say(
    `${String(part).padStart(2)}/10  ${seconds.toFixed(1).padStart(6)} s  ${served} served, ${traced} traced  ` +
      `heap ${megabytes(memory.heapUsed)}, external ${megabytes(memory.external)}, rss ${megabytes(memory.rss)}  ` +
      `left: ${left.join(', ')} of ${Object.values(registered).join(', ')}`,
  );
}

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'ostrace-soak-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const started = performance.now();
  const options = {
    traced: Number(values.traced),
    untraced: Number(values.untraced),
    parts: 10,
    store: join(folder, 'traces'),
    onPart: sayState,
    ...(values.node !== undefined && { node: values.node }),
  };
  const result = await soak(options);
  const { answers, events, lost, spooled, code, states } = result;
  say(`before: heap ${megabytes(states[0]!.memory.heapUsed)}, rss ${megabytes(states[0]!.memory.rss)}`);
  say(
    `${answers} answers; ${events.start} starts and ${events.stop} stops stored, ${spooled} events spooled, ${lost} reported as lost`,
  );
  say(`exit code ${code}; ${Math.round((performance.now() - started) / 1000)} s`);
  const failures = failuresOf(options, result);
  if (failures.length > 0) throw new Error(failures.map((failure) => `NOT SO: ${failure}`).join('\n'));
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
