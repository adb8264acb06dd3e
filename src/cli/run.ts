// `ostrace run`: runs a Node program as one trace.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { join } from 'node:path';
import { isatty } from 'node:tty';

import { type Config, contextVariables } from '../config/config.js';
import { variableName } from '../config/options.js';
import { newId } from '../trace/ids.js';
import { signIds } from '../trace/signing.js';
import { CommandError, type Shell, command } from './command.js';
import { asNodeRuns, whyNoNode } from './program.js';
import { showFormatOptions, shownFrom } from './formats.js';
import { connectionOption, keyFrom, profileOption, settings } from './settings.js';
import { milliseconds, showOption, showWhenComplete, waitOption } from './store.js';
import { viewOptions } from './view.js';

const preload = join(__dirname, '../../register.js');

const hint =
  'check that the program is a Node.js program or starts one, and that it keeps NODE_OPTIONS and its environment';

const forwarded = ['SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGHUP'] as const;

export const run = command({
  name: 'run',
  operands: '-- PROGRAM [ARGUMENTS]',
  about: `Runs a Node.js program as one trace, with everything that it calls and starts. Prints the id of the trace to stderr, and ends with the exit code or the signal of the program.

  ostrace run --profile KEY --show -- node client.js 42`,
  options: {
    profile: profileOption,
    'connection-string': connectionOption,
    show: showOption,
    wait: waitOption,
    ...showFormatOptions,
    ...viewOptions,
  },
  async run(values, operands, shell) {
    const [program, ...args] = operands;
    if (program === undefined || program === '') {
      throw new CommandError('expected a program to run, as in: ostrace run -- node client.js');
    }
    const waitMs = milliseconds('--wait', values.wait, 5);
    const output = shownFrom(values, 'what the program prints');
    const config = settings(shell, values['connection-string']);
    const base_id = newId();
    const env = environment(shell, config, base_id, keyFrom(values.profile, config));
    shell.say(`trace ${base_id}`);
    const other = whyNoNode(program, shell.env);
    if (other !== undefined) {
      shell.warn(`${other}, not a Node.js program: only the Node.js programs that it starts are traced`);
    }
    const end = await runToEnd(program, args, env);
    try {
      if (values.show) await showWhenComplete(shell, { config, base_id, waitMs, hint, output });
    } finally {
      if (end.signal !== null) raise(end.signal);
    }
    return end.code ?? 1;
  },
});

/** The child's environment: the agent as a preload, and a signed context that decides the trace's id. */
function environment(
  { env }: Shell,
  { connectionString }: Config,
  base_id: string,
  key: string,
): Record<string, string | undefined> {
  const { info, hmac } = signIds(base_id, base_id, key);
  return {
    ...env,
    NODE_OPTIONS: `${env['NODE_OPTIONS'] ?? ''} --require ${quoted(preload)}`.trim(),
    [variableName('enabled')]: 'true',
    [variableName('profile')]: key,
    [variableName('connectionString')]: connectionString,
    [contextVariables.info]: info,
    [contextVariables.hmac]: hmac,
  };
}

/** Quotes a path for NODE_OPTIONS, where blanks separate and backslashes escape within quotes. */
function quoted(path: string): string {
  return `"${path.replace(/["\\]/g, '\\$&')}"`;
}

interface End {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

function runToEnd(
  program: string,
  args: readonly string[],
  env: Record<string, string | undefined>,
): Promise<End> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { env, stdio: 'inherit' });
    const stop = forwardSignals((signal) => child.kill(signal));
    child.on('error', (error: NodeJS.ErrnoException) => {
      stop();
      reject(new CommandError(`cannot run "${program}": ${reasonOf(error, program, args)}`));
    });
    child.on('exit', (code, signal) => {
      stop();
      resolve({ code, signal });
    });
  });
}

function reasonOf(
  { code, message }: NodeJS.ErrnoException,
  program: string,
  args: readonly string[],
): string {
  const byNode = asNodeRuns(program, args);
  if (byNode !== undefined) return `it is a file for Node.js; run it with ${byNode}`;
  if (code === 'ENOENT') return 'there is no such program';
  return code === 'EACCES' ? 'it is not executable, or may not be run by this user' : message;
}

/** The program decides what a signal means. We end when the program ends. */
function forwardSignals(to: (signal: NodeJS.Signals) => void): () => void {
  // A terminal sends Ctrl-C to everything in its foreground. The program has therefore got it already, and many
  // programs take a second one as an order to drop everything.
  const isInteractive = [0, 1, 2].some((fd) => isatty(fd));
  const listener = (signal: NodeJS.Signals): void => {
    const isFromKeyboard = isInteractive && (signal === 'SIGINT' || signal === 'SIGQUIT');
    if (!isFromKeyboard) to(signal);
  };
  for (const signal of forwarded) process.on(signal, listener);
  return () => {
    for (const signal of forwarded) process.off(signal, listener);
  };
}

/** Ends this process by the signal that ended the program, so that our caller sees the same end. */
function raise(signal: NodeJS.Signals): void {
  process.exitCode = 128 + constants.signals[signal];
  process.kill(process.pid, signal);
}
