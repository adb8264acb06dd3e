/**
 * `npm test [-- name…]`: packs the agent and installs it as users do, brings the servers up, runs
 * the test files whose path contains one of the names (all without a name), and takes everything down again.
 * Arguments with a dash go to node.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { constants } from 'node:os';
import { join, resolve } from 'node:path';

import { packAgent } from './packed-agent.js';
import { provideAll } from './services/all.js';
import { provideOsprofiler } from './services/osprofiler.js';
import { messageOf, say } from './services/say.js';
import type { Service } from './services/service.js';

const root = resolve(__dirname, '../..');
/** For a whole file: node applies it to files as well as to each test. */
const timeoutMs = 600_000;

let interruptedBy: NodeJS.Signals | undefined;
let tests: ChildProcess | undefined;

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    interruptedBy ??= signal;
    tests?.kill('SIGTERM');
  });
}

/** The compiled files of the sources that are there; `dist` may hold those of removed ones. */
function testFiles(names: readonly string[]): string[] {
  const files = readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.test.ts') && !file.includes('node_modules'))
    .toSorted();
  const unknown = names.find((name) => !files.some((file) => file.includes(name)));
  if (unknown !== undefined) throw new Error(`no test file's name contains "${unknown}"`);
  if (files.length === 0) throw new Error('there is no test file');
  return files
    .filter((file) => names.length === 0 || names.some((name) => file.includes(name)))
    .map((file) => join(root, 'dist/test', file.replace(/\.ts$/, '.js')));
}

async function runNode(args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  tests = spawn(process.execPath, args, { cwd: root, env, stdio: ['ignore', 'inherit', 'inherit'] });
  const [code] = (await once(tests, 'exit')) as [number | null];
  return code ?? 1;
}

async function main(args: readonly string[]): Promise<number> {
  const files = testFiles(args.filter((arg) => !arg.startsWith('-')));
  const flags = args.filter((arg) => arg.startsWith('-'));
  const agent = packAgent();
  let services: Service | undefined;
  try {
    await provideOsprofiler();
    services = await provideAll(() => interruptedBy !== undefined);
    if (interruptedBy !== undefined) return 1;
    // The agent's own settings are each test's to choose.
    const settings = Object.entries(process.env).filter(([name]) => !name.startsWith('OSTRACE_'));
    const env = { ...Object.fromEntries(settings), ...services.env, TEST_AGENT: agent.folder };
    const runner = ['--test', '--test-reporter=spec', '--test-concurrency=2', `--test-timeout=${timeoutMs}`];
    return await runNode([...runner, ...flags, ...files], env);
  } finally {
    agent.remove();
    await services?.release();
  }
}

async function start(): Promise<void> {
  try {
    process.exitCode = await main(process.argv.slice(2));
  } catch (error) {
    say(messageOf(error));
    process.exitCode = 1;
  }
  if (interruptedBy !== undefined) process.exitCode = 128 + constants.signals[interruptedBy];
}

void start();
