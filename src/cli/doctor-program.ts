import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { diagnosisVariable } from '../config/config.js';
import type { ProcessReport } from '../trace/process-report.js';
import { CommandError } from './command.js';

// A program that has this much time to end by SIGTERM and does not is ended by SIGKILL.
const killMs = 2000;
// Longer than the agent takes to write down what it has seen last: a signal may leave it no time for that.
const settleMs = 400;

/** A program that runs for as long as it is looked at. */
export interface Program {
  /** Waits until it has ended, or the time is up. */
  endsWithin(waitMs: number): Promise<void>;
  stop(): Promise<void>;
  /** What its agent wrote; undefined when there is none in it. */
  report(): ProcessReport | undefined;
  /** How it ended by itself, when that was not as it should. */
  problem(): string | undefined;
}

/** Starts a program as its user does, but for one variable, which the agent reads. */
export function startDiagnosed(
  [file = '', ...args]: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Program {
  const folder = mkdtempSync(join(tmpdir(), 'ostrace-doctor-'));
  const out = join(folder, 'diagnosis.json');
  // Its output belongs on stderr: stdout is ours.
  const child: ChildProcess = spawn(file, args, {
    env: { ...env, [diagnosisVariable]: out },
    stdio: ['inherit', 2, 2],
  });
  let found: ProcessReport | undefined;
  let failed: string | undefined;
  let isStopped = false;
  const ended = new Promise<void>((resolve) => {
    child.on('error', ({ message }) => {
      failed = `cannot run "${file}": ${message}`;
      resolve();
    });
    child.on('exit', (code, signal) => {
      if (!isStopped && code !== 0) failed = `the program ended with ${signal ?? `exit code ${code}`}`;
      resolve();
    });
  });

  /** Waits for the end, no longer than so. */
  async function within(ms: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<void>((resolve) => (timer = setTimeout(resolve, ms)));
    await Promise.race([ended, limit]);
    clearTimeout(timer);
  }

  return {
    async endsWithin(waitMs) {
      await within(waitMs);
    },

    async stop() {
      isStopped = true;
      if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) {
        await within(settleMs);
        child.kill('SIGTERM');
        await within(killMs);
        if (child.exitCode === null && child.signalCode === null) {
          child.kill('SIGKILL');
          await once(child, 'exit');
        }
      }
      found = read(out);
      rmSync(folder, { recursive: true, force: true });
    },

    report: () => found,
    problem: () => failed,
  };
}

function read(file: string): ProcessReport | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
  try {
    return JSON.parse(text) as ProcessReport;
  } catch {
    throw new CommandError(`${file} is no diagnosis: something else writes there`);
  }
}
