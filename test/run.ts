/**
 * `npm test [-- name…]`: brings up what the test files need whose path contains one of the names (all without a
 * name), runs them, and takes everything down again. `npm run unit [-- name…]`: those that need nothing.
 * Arguments with a dash go to node.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { join, resolve } from 'node:path';

import { type Need, declaredNeeds, readSource, testFiles } from './needs.js';
import { provideAll } from './services/all.js';
import { messageOf, say } from './services/say.js';

const root = resolve(__dirname, '../..');
// Node applies it to files as well as to each test, and the parity suite is one file, which takes ten minutes on a
// busy machine.
const timeoutMs = 1_200_000;
/** The argument of `npm run unit`. */
const unit = '--unit';
const declared = join(__dirname, 'services/declared.js');

let interruptedBy: NodeJS.Signals | undefined;
let tests: ChildProcess | undefined;

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    interruptedBy ??= signal;
    tests?.kill('SIGTERM');
  });
}

/** The test files whose path contains one of the names; all without a name. */
function chosen(names: readonly string[]): readonly string[] {
  const files = testFiles();
  const unknown = names.find((name) => !files.some((file) => file.includes(name)));
  if (unknown !== undefined) throw new Error(`no test file's name contains "${unknown}"`);
  if (files.length === 0) throw new Error('there is no test file');
  return files.filter((file) => names.length === 0 || names.some((name) => file.includes(name)));
}

const needsOf = (file: string): ReadonlySet<Need> => declaredNeeds(readSource(file)!);

/**
 * The files of `npm run unit`: without a name those that need nothing, with names also those that need time. One
 * that was named and needs more is not left out quietly.
 */
function withoutNeeds(names: readonly string[]): readonly string[] {
  const files = chosen(names);
  if (names.length === 0) return files.filter((file) => needsOf(file).size === 0);
  const others = files.filter((file) => [...needsOf(file)].some((need) => need !== 'time'));
  if (others.length === 0) return files;
  const list = others.map((file) => `${file}: ${[...needsOf(file)].join(', ')}`).join('; ');
  throw new Error(`\`npm run unit\` brings nothing up, \`npm test\` does (${list})`);
}

async function runNode(args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  tests = spawn(process.execPath, args, { cwd: root, env, stdio: ['ignore', 'inherit', 'inherit'] });
  const [code] = (await once(tests, 'exit')) as [number | null];
  return code ?? 1;
}

async function main(args: readonly string[]): Promise<number> {
  const names = args.filter((arg) => !arg.startsWith('-'));
  const flags = args.filter((arg) => arg.startsWith('-') && arg !== unit);
  const files = args.includes(unit) ? withoutNeeds(names) : chosen(names);
  const services = await provideAll(
    files.flatMap((file) => [...needsOf(file)]),
    () => interruptedBy !== undefined,
  );
  try {
    if (interruptedBy !== undefined) return 1;
    // The agent's own settings are each test's to choose.
    const settings = Object.entries(process.env).filter(([name]) => !name.startsWith('OSTRACE_'));
    const env = { ...Object.fromEntries(settings), TEST_GIVEN: JSON.stringify(services.given) };
    const runner = ['--test', '--test-reporter=spec', '--test-concurrency=2', `--test-timeout=${timeoutMs}`];
    const compiled = files.map((file) => join(root, 'dist/test', file.replace(/\.ts$/, '.js')));
    return await runNode([...runner, '--require', declared, ...flags, ...compiled], env);
  } finally {
    await services.release();
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
