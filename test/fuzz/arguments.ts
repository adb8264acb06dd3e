import assert from 'node:assert/strict';
import { Writable } from 'node:stream';

import { type Arbitrary, array, constantFrom, oneof, record, tuple, uuid } from 'fast-check';

import { type Command, CommandError, type Shell } from '../../src/cli/command.js';
import { request } from '../../src/cli/request.js';
import { run } from '../../src/cli/run.js';
import { headersFrom, urlFrom } from '../../src/cli/send.js';
import { sign } from '../../src/cli/sign.js';
import { milliseconds } from '../../src/cli/store.js';
import { traceList } from '../../src/cli/trace-list.js';
import { traceDiff } from '../../src/cli/trace-diff.js';
import { traceStats } from '../../src/cli/trace-stats.js';
import { traceShow } from '../../src/cli/trace-show.js';
import { DriverError } from '../../src/drivers/driver.js';
import { clean } from '../../src/report/format.js';
import { verify } from '../../src/trace/signing.js';
import { anyText, mutated, propertyNames } from './mutations.js';
import { schemes } from '../../src/drivers/index.js';
import { environment } from './settings.js';
import { target } from './target.js';

export const commands: Readonly<Record<string, Command>> = {
  request,
  run,
  sign,
  'trace list': traceList,
  'trace show': traceShow,
  'trace stats': traceStats,
  'trace diff': traceDiff,
};

const long = `request header data include timeout profile connection-string show wait base-id parent-id json limit help`;
const names = constantFrom(
  ...long.split(' ').map((name) => `--${name}`),
  '-X',
  '-H',
  '-d',
  '-i',
  '-h',
  '-Xi',
  '-id',
  '-',
);

const value: Arbitrary<string> = oneof(
  mutated(
    constantFrom(
      'GET',
      'Name: value',
      'a=b',
      '60',
      '-1',
      '0.5',
      '1e9',
      'key',
      'http://127.0.0.1:1/x',
      ':80',
      'x',
    ),
  ),
  mutated(constantFrom('file://traces-that-are-not-there', 'file:', 'redis://u:p@h')),
  uuid(),
  anyText,
  constantFrom(...propertyNames, '', '--', '@/nowhere', 'NaN', 'Infinity', '0x10'),
);

const argument: Arbitrary<string> = oneof(
  names,
  value,
  tuple(names, value).map(([name, given]) => `${name}=${given}`),
  tuple(names, value).map(([name, given]) => name + given),
  tuple(value, constantFrom('--', '-')).map(([given, dashes]) => dashes + given),
);

// What stands behind a single dash are options of one letter, and Node takes seconds for 100,000 of them.
const maxLength = 2000;

/** What may stand behind a command. */
export const someArguments: Arbitrary<string[]> = array(
  argument.map((text) => text.slice(0, maxLength)),
  { maxLength: 6 },
);

/** A problem is for people: one line, that is not empty. */
function checkProblem(error: unknown): void {
  if (!(error instanceof CommandError) && !(error instanceof DriverError)) throw error;
  assert.match(clean(error.message), /^\S[^\n]{3,4200}$/);
}

function attempt(work: () => unknown): void {
  try {
    work();
  } catch (error) {
    checkProblem(error);
  }
}

interface Payload {
  readonly out: string;
  readonly lines: readonly string[];
  /** Undefined after a problem. */
  readonly code: number | undefined;
}

/** Runs a command within this process. */
async function start(command: Command, args: readonly string[], env: Shell['env']): Promise<Payload> {
  const chunks: string[] = [];
  const lines: string[] = [];
  const stdout = new Writable({
    write(chunk, _encoding, done) {
      chunks.push(String(chunk));
      done();
    },
  });
  const say = (line: string): void => void lines.push(line);
  const progress: Shell['progress'] = () => ({ at() {}, end() {} });
  const shell: Shell = {
    env,
    stdout,
    display: { width: 80, colour: true },
    rows: undefined,
    say,
    warn: say,
    progress,
  };
  let code: number | undefined;
  try {
    code = await command.start(args, shell);
  } catch (error) {
    checkProblem(error);
  }
  return { out: chunks.join(''), lines, code };
}

/** What other stores do is asked by their tests: here it would be look-ups of hosts, and client libraries loaded. */
function namesServer(texts: readonly string[]): boolean {
  const servers = schemes.filter((scheme) => scheme !== 'file');
  return texts.some((text) => servers.some((scheme) => text.toLowerCase().includes(`${scheme}:`)));
}

const names_ = Object.keys(commands);

export const argumentTargets = [
  target({
    name: 'arguments: a command takes them, or says in a line why not',
    share: 20,
    input: record({ name: constantFrom(...names_), args: someArguments }),
    check({ name, args }) {
      attempt(() => {
        const { values, operands } = commands[name]!.parse(args);
        assert.ok(operands.every((operand) => typeof operand === 'string'));
        assert.ok(!Object.keys(values).includes('__proto__'));
      });
    },
  }),
  target({
    name: 'arguments: URLs, headers and numbers are read, or it is said in a line why not',
    share: 12,
    input: record({ one: value, other: value }),
    check({ one, other }) {
      attempt(() => assert.match(urlFrom(one).protocol, /^https?:$/));
      attempt(() => {
        const headers = headersFrom([one, other, `${one}: ${other}`], { Accept: '*/*' });
        for (const text of Object.entries(headers).flat(2)) assert.ok(!/[\r\n\0]/.test(text));
      });
      attempt(() => assert.ok(milliseconds('--wait', one, 5) <= 86_400_000));
    },
  }),
  target({
    name: 'arguments: signing, listing and showing end well, or in a line',
    share: 3,
    input: record({
      name: constantFrom('sign', 'trace list', 'trace show', 'trace stats', 'trace diff'),
      args: someArguments,
      env: environment,
    }),
    async check({ name, args, env }) {
      if (namesServer([...args, env['OSTRACE_CONNECTION_STRING'] ?? ''])) return;
      const { out, code } = await start(commands[name]!, args, env);
      if (code === undefined || out.startsWith('Usage: ')) return;
      assert.equal(code, 0);
      if (name !== 'sign') return;
      const [, info, hmac] =
        /^X-Trace-Info: (\S+)\nX-Trace-HMAC: (\S+)\n(?:X-Trace-\w+: \S+\n)?$/.exec(out) ?? assert.fail(out);
      const { values } = sign.parse(args);
      const key = values['profile'] ?? (env['OSTRACE_PROFILE'] || undefined);
      if (typeof key === 'string') assert.ok(verify(info, hmac, [key]));
    },
  }),
];
