// Starts the program that `ostrace doctor` examines, and collects what the agent in it reports.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { diagnosisVariable } from '../config/config.js';
import type { ProcessReport } from '../diagnosis/process-report.js';
import { type RunningProcess, below, portsOf } from './doctor-processes.js';

const prefix = 'process';

// A program that does not end within this time after SIGTERM is ended by SIGKILL.
const killMs = 2000;
// The agent needs less time than this to write down what it has seen last. A signal may leave it no time for that.
const settleMs = 400;

/** A program that runs while it is examined. */
export interface Program {
  /** Waits until it has ended, or the time is up. */
  endsWithin(waitMs: number): Promise<void>;
  stop(): Promise<void>;
  /**
   * Whether it failed, so that nothing more is to be expected of it. A program that ends well may have started
   * something that goes on.
   */
  hasFailed(): boolean;
  /** Whether it ended by itself and left nothing that goes on. */
  hasEnded(): boolean;
  /** Whether there was nothing to start. */
  isMissing(): boolean;
  /**
   * The reports of the processes that have the preload, once the program is stopped, in the order in which they
   * started.
   */
  reports(): readonly ProcessReport[];
  /** How it ended by itself, if that was not as it should be. */
  problem(): string | undefined;
  /** The processes that were running when it was stopped; undefined if the system does not tell. */
  running(): readonly RunningProcess[] | undefined;
  /** The ports on which its processes listened at that time. */
  ports(): readonly number[];
}

/** Starts a program as its user does, with one more variable, which the agent reads. */
export function startDiagnosed(
  [file = '', ...args]: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Program {
  const folder = mkdtempSync(join(tmpdir(), 'ostrace-doctor-'));
  // The program's output belongs on stderr, because stdout is ours.
  const child: ChildProcess = spawn(file, args, {
    env: { ...env, [diagnosisVariable]: join(folder, prefix) },
    stdio: ['inherit', 2, 2],
  });
  let found: readonly ProcessReport[] = [];
  let running: readonly RunningProcess[] | undefined = [];
  let ports: readonly number[] = [];
  let failed: string | undefined;
  let isStopped = false;
  let isMissing = false;
  let hasEnded = false;
  const ended = new Promise<void>((resolve) => {
    child.on('error', ({ message }) => {
      failed = `cannot run "${file}": ${message}`;
      isMissing = true;
      resolve();
    });
    child.on('exit', (code, signal) => {
      hasEnded = !isStopped;
      if (!isStopped && code !== 0) failed = `the program ended with ${signal ?? `exit code ${code}`}`;
      resolve();
    });
  });

  /** Waits for the end of the program, but no longer than this. */
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
        running = below(child.pid);
        ports = running?.flatMap(({ pid }) => portsOf(pid)) ?? [];
        child.kill('SIGTERM');
        await within(killMs);
        if (child.exitCode === null && child.signalCode === null) {
          child.kill('SIGKILL');
          await once(child, 'exit');
        }
        // Processes that a launcher has left would answer in the place of the next program.
        for (const { pid } of running ?? []) if (pid !== child.pid) end(pid);
      }
      found = readAll(folder);
      // A launcher may have left something that goes on.
      if (child.exitCode === 0 && found.some(({ pid }) => isAlive(pid))) {
        hasEnded = false;
        await delay(settleMs);
        found = readAll(folder);
      }
      rmSync(folder, { recursive: true, force: true });
    },

    hasFailed: () => failed !== undefined,
    hasEnded: () => hasEnded,
    isMissing: () => isMissing,
    reports: () => found,
    problem: () => failed,
    running: () => running,
    ports: () => ports,
  };
}

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGTERM');
  } catch {
    // it has ended
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

function readAll(folder: string): ProcessReport[] {
  const files = readdirSync(folder).filter((name) => /^process\.\d+$/.test(name));
  const reports = files.flatMap((name) => {
    try {
      return [JSON.parse(readFileSync(join(folder, name), 'utf8')) as ProcessReport];
    } catch {
      return []; // something else has written there
    }
  });
  return reports.toSorted((a, b) => a.startedAt - b.startedAt || a.pid - b.pid);
}
