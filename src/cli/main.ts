#!/usr/bin/env node
// The `ostrace` command: finds the command that is asked for, and runs it.
import { DriverError } from '../drivers/driver.js';
import { clean } from '../report/format.js';
import { type Command, CommandError, type Shell, print } from './command.js';
import { manifest } from './manifest.js';
import { progressOn } from './progress.js';

/** The summary of each command, and the function that loads it: a command's file is read only when it runs. */
const commands: Readonly<Record<string, { summary: string; load(): Command }>> = {
  request: {
    summary: 'send a signed request, and show its trace with --show',
    load: () => (require('./request.js') as typeof import('./request.js')).request,
  },
  ui: {
    summary: 'show the traces in a browser',
    load: () => (require('./ui.js') as typeof import('./ui.js')).ui,
  },
  run: {
    summary: 'run a Node.js program as one trace',
    load: () => (require('./run.js') as typeof import('./run.js')).run,
  },
  sign: {
    summary: 'print signed trace headers, ready for curl',
    load: () => (require('./sign.js') as typeof import('./sign.js')).sign,
  },
  doctor: {
    summary: 'find out why there is no trace',
    load: () => (require('./doctor.js') as typeof import('./doctor.js')).doctor,
  },
  flush: {
    summary: 'store the events that wait in the spool',
    load: () => (require('./flush.js') as typeof import('./flush.js')).flush,
  },
  'trace list': {
    summary: 'list the stored traces, newest first',
    load: () => (require('./trace-list.js') as typeof import('./trace-list.js')).traceList,
  },
  'trace show': {
    summary: 'print a trace as a tree, or in another format',
    load: () => (require('./trace-show.js') as typeof import('./trace-show.js')).traceShow,
  },
  'trace diff': {
    summary: 'say what makes one trace slower than another',
    load: () => (require('./trace-diff.js') as typeof import('./trace-diff.js')).traceDiff,
  },
  'trace stats': {
    summary: 'print percentiles of many traces, by route, kind and call',
    load: () => (require('./trace-stats.js') as typeof import('./trace-stats.js')).traceStats,
  },
};

async function start(args: readonly string[], shell: Shell): Promise<number> {
  const [first = '', second = ''] = args;
  const words = Object.hasOwn(commands, first) ? 1 : 2;
  const name = args.slice(0, words).join(' ');
  if (Object.hasOwn(commands, name)) return commands[name]!.load().start(args.slice(words), shell);
  const isGroup = Object.keys(commands).some((command) => command.startsWith(`${first} `));
  const asked = isGroup ? second : first;
  const group = isGroup ? `${first} ` : '';
  if (asked === '--help' || asked === '-h') {
    await print(shell, help(group));
    return 0;
  }
  if (asked === '--version' && !isGroup) {
    await print(shell, `${manifest().version}\n`);
    return 0;
  }
  const problem = asked === '' ? 'no command was given' : `"${group}${asked}" is not a command`;
  const known = Object.keys(commands).filter((command) => command.startsWith(group));
  throw new CommandError(`${problem}; expected one of: ${known.join(', ')} (see ostrace --help)`);
}

function help(group: string): string {
  const rows = Object.entries(commands)
    .filter(([name]) => name.startsWith(group))
    .map(([name, { summary }]) => `  ${name.padEnd(13)}${summary}`);
  return `Usage: ostrace ${group}COMMAND [options]

See where the time of one request goes, in every service that it touches.

Commands:
${rows.join('\n')}

ostrace COMMAND --help describes a command; ostrace --version prints the version.
`;
}

const maxStackLines = 30;

/** A problem is one line. A mistake of ours is its stack, for those who fix it. */
function lineOf(error: unknown): string {
  if (error instanceof CommandError || error instanceof DriverError) return clean(error.message);
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return stack.split('\n', maxStackLines).map(clean).join('\n    ');
}

// The only place where the command looks at its environment.
const { env, stdout, stderr } = process;

stdout.on('error', (error: NodeJS.ErrnoException) => {
  // The reader of our output has enough of it (`| head`).
  if (error.code === 'EPIPE') process.exit(0);
  stderr.write(`ostrace: cannot write to stdout: ${error.message}\n`);
  process.exit(1);
});
stderr.on('error', () => {});

/** Follows common practice: FORCE_COLOR decides if it is set, as it does for Node, and then NO_COLOR. */
function takesColour(): boolean {
  const forced = env['FORCE_COLOR'];
  if (forced !== undefined) return forced !== '0' && forced !== 'false';
  return stdout.isTTY && !env['NO_COLOR'];
}

const progressLine = progressOn(stderr);

function write(line: string): void {
  progressLine.clear();
  stderr.write(line);
}

const shell: Shell = {
  env,
  stdout,
  display: {
    // A terminal may become another size.
    get width() {
      return stdout.isTTY ? stdout.columns || undefined : undefined;
    },
    colour: takesColour(),
  },
  get rows() {
    return stdout.isTTY ? stdout.rows || undefined : undefined;
  },
  say: (line) => write(`${clean(line)}\n`),
  warn: (line) => write(`ostrace: ${clean(line)}\n`),
  progress: (what) => progressLine.begin(what),
};

start(process.argv.slice(2), shell).then(
  (code) => {
    process.exitCode ??= code;
  },
  (error: unknown) => {
    write(`ostrace: ${lineOf(error)}\n`);
    process.exitCode ??= 1;
  },
);
