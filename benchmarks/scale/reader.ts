// The process that reads a store with the commands' own code, so that the start of a process is not timed.
import { Writable } from 'node:stream';

import type { Command, Shell } from '../../src/cli/command.js';
import { traceList } from '../../src/cli/trace-list.js';
import { traceShow } from '../../src/cli/trace-show.js';
import { median } from '../statistics.js';

/** Medians, in milliseconds. */
export interface ReadTimes {
  readonly listMs: number;
  /** The duration of `trace list --json`, which prints all traces. */
  readonly listAllMs: number;
  readonly showMs: number;
  /** The most memory that the process had, in MiB, after `trace list`. */
  readonly listMiB: number;
  /** How many traces were listed. */
  readonly traces: number;
  /** How many points the trace has that was shown. */
  readonly points: number;
}

const [connectionString = '', base_id = '', rounds = '1'] = process.argv.slice(2);

/** Runs a command, and gives what it printed. */
async function output(command: Command, ...args: string[]): Promise<string> {
  const chunks: Buffer[] = [];
  const stdout = new Writable({
    write(chunk: Buffer, _encoding, done) {
      chunks.push(chunk);
      done();
    },
  });
  const shell: Shell = {
    env: {},
    stdout,
    display: { width: undefined, colour: false },
    rows: undefined,
    say() {},
    warn() {},
    progress: () => ({ at() {}, end() {} }),
  };
  await command.start([...args, '--connection-string', connectionString], shell);
  return Buffer.concat(chunks).toString();
}

async function timed(command: Command, ...args: string[]): Promise<{ ms: number; text: string }> {
  const ms: number[] = [];
  let text = '';
  for (let round = 0; round < Number(rounds); round++) {
    const started = performance.now();
    text = await output(command, ...args);
    ms.push(performance.now() - started);
  }
  return { ms: median(ms), text };
}

async function main(): Promise<void> {
  const list = await timed(traceList);
  const listMiB = process.resourceUsage().maxRSS / 1024;
  const all = await timed(traceList, '--json');
  const show = await timed(traceShow, base_id);
  if (!list.text.includes('-')) throw new Error('nothing was listed');
  const times: ReadTimes = {
    listMs: list.ms,
    listAllMs: all.ms,
    showMs: show.ms,
    listMiB,
    traces: (JSON.parse(all.text) as unknown[]).length,
    points: show.text.split('\n').filter((line) => line.includes('priced')).length,
  };
  process.stdout.write(JSON.stringify(times));
}

void main();
