// Whole processes under hostile environments and arguments.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { type Arbitrary, constantFrom, oneof, record, sample, uuid } from 'fast-check';

import { urlFrom } from '../../src/cli/send.js';
import { signIds, verify } from '../../src/trace/signing.js';
import { key, on, preload, projectFolder } from '../scenario.js';
import { commands, someArguments } from './arguments.js';
import { type Headers, headers } from './headers.js';
import { anyText, asArgument } from './mutations.js';
import { environment } from './settings.js';

const main = join(projectFolder, 'dist/src/cli/main.js');
/** One of ours, of a readable length; a terminal does nothing with it but show it. */
const ourLine = /^(?:ostrace: [^\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]{1,4200}|trace [0-9a-f-]{36})$/u;

interface End {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function end(args: readonly string[], env: NodeJS.ProcessEnv, cwd: string): Promise<End> {
  const child = spawn(process.execPath, args, {
    env,
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 30_000,
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout, stderr };
}

function checkLines(stderr: string, where: string): void {
  for (const line of stderr.split('\n').slice(0, -1)) assert.match(line, ourLine, where);
  assert.ok(stderr === '' || stderr.endsWith('\n'), where);
}

/** Two at a time: each is a process. */
async function each<Input>(
  inputs: readonly Input[],
  check: (input: Input, at: number) => Promise<void>,
): Promise<void> {
  const entries = inputs.entries();
  const work = async (): Promise<void> => {
    for (const [i, input] of entries) await check(input, i);
  };
  await Promise.all([work(), work()]);
}

interface Start {
  readonly settings: Readonly<Record<string, string>>;
  readonly trace: Headers;
}

const signed: Arbitrary<Headers> = record({
  base_id: uuid(),
  blank: constantFrom('', ' ', '\n', '\t\r\n'),
}).map(({ base_id, blank }) => {
  const { info, hmac } = signIds(base_id, base_id, key);
  return { info, hmac: blank + hmac + blank, keys: ['another', key] };
});

const hostileStart: Arbitrary<Start> = record({
  settings: oneof(environment, constantFrom({})),
  trace: oneof(signed, headers, record({ info: anyText, hmac: anyText, keys: constantFrom([key]) })),
});

/**
 * Starts processes in hostile environments and checks that the application runs as ever; gives how many took
 * part in a trace.
 *
 * @param folder a folder of this call's own
 */
export async function checkEnvironments(seed: number, count: number, folder: string): Promise<number> {
  const store = join(folder, 'environments');
  const expected = new Set<string>();
  await each(sample(hostileStart, { seed, numRuns: count }), async ({ settings, trace }, i) => {
    const given = {
      ...settings,
      ...on,
      OSTRACE_EXIT_TIMEOUT: '20000',
      OSTRACE_HMAC_KEYS: trace.keys.join(),
      OSTRACE_TRACE_INFO: String(trace.info),
      OSTRACE_TRACE_HMAC: String(trace.hmac),
      // What a process may write to is no part of the question.
      OSTRACE_CONNECTION_STRING: `file://${store}`,
      OSTRACE_PROFILE: '',
    };
    const clean = Object.entries(given).map(([name, value]) => [
      asArgument(name).replaceAll('=', ''),
      asArgument(value),
    ]);
    const env = Object.fromEntries(clean.filter(([name]) => name !== '')) as Record<string, string>;
    const code = 'console.log("runs", process.env.OSTRACE_TRACE_INFO, process.env.OSTRACE_TRACE_HMAC)';
    const got = await end(['--require', preload, '-e', code], env, folder);
    const where = `environment ${i} of seed ${seed}: ${JSON.stringify(env).slice(0, 1000)} ${got.stderr.slice(0, 300)}`;
    assert.deepEqual([got.code, got.stdout], [0, 'runs undefined undefined\n'], where);
    checkLines(got.stderr, where);
    const verified = verify(env['OSTRACE_TRACE_INFO'], env['OSTRACE_TRACE_HMAC'], trace.keys);
    if (verified !== undefined) expected.add(verified.base_id);
  });
  const files = expected.size === 0 ? [] : readdirSync(store).filter((name) => name.endsWith('.jsonl'));
  assert.deepEqual(files.toSorted(), [...expected].map((id) => `${id}.jsonl`).toSorted());
  for (const file of files) {
    for (const line of readFileSync(join(store, file), 'utf8').split('\n')) if (line !== '') JSON.parse(line);
  }
  return expected.size;
}

/** Arguments that reach no network: those of a request that is sent go to a port where nobody listens. */
const hostileCall = record({ name: constantFrom(...Object.keys(commands)), args: someArguments }).filter(
  ({ name, args }) => {
    try {
      const { values, operands } = commands[name]!.parse(args);
      if (values['show'] === true) return false;
      if (name === 'run') return !operands.some((operand) => /^[./]/.test(operand));
      if (name !== 'request') return true;
      if ((values['data'] as string[]).some((data) => data.startsWith('@'))) return false;
      return operands.length !== 1 || urlFrom(operands[0]!).host === '127.0.0.1:1';
    } catch {
      return true;
    }
  },
);

/**
 * Calls the command and checks that it ends well or says in one line why not; gives how many ended well.
 *
 * @param folder a folder of this call's own
 */
export async function checkCalls(seed: number, count: number, folder: string): Promise<number> {
  let good = 0;
  await each(sample(hostileCall, { seed, numRuns: count }), async ({ name, args }, i) => {
    // Without a path, no program is found.
    const env = { PATH: folder, OSTRACE_HMAC_KEYS: key };
    const got = await end([main, ...name.split(' '), ...args.map(asArgument)], env, folder);
    const where = `call ${i} of seed ${seed}: ${name} ${JSON.stringify(args)} gave ${got.code}: ${got.stderr}`;
    checkLines(got.stderr, where);
    if (got.code === 0) good++;
    else assert.deepEqual([got.code, got.stderr.match(/^ostrace: /gm)?.length], [1, 1], where);
  });
  return good;
}
