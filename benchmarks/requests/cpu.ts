// Reads the CPU time that a process has used.
import { readFileSync, readdirSync } from 'node:fs';

/** CPU time that a process has used, in microseconds, in user and system mode. */
export interface Cpu {
  /** The time of the existing threads. It is exact, but the time of ended threads is not in it. */
  readonly process: number;
  /** The time of all threads, ended ones included, in steps of 10 ms. */
  readonly everything: number;
  /** The time of the application's thread only: the first thread, whose id is the process's. */
  readonly thread: number;
}

/**
 * Reads what the kernel counted, in nanoseconds, from outside: nothing runs in the process for it. It is
 * exact while the process sleeps. Threads of Node, V8 and ostrace live as long as the process.
 */
export function cpuOf(pid: number): Cpu {
  const tasks = `/proc/${pid}/task`;
  let total = 0;
  for (const task of readdirSync(tasks)) total += ranMicros(`${tasks}/${task}`);
  // The command's name, in brackets, may contain anything.
  const [user = 0, system = 0] = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ')
    .slice(11, 13)
    .map(Number);
  const tickMicros = 10_000;
  return {
    process: total,
    everything: (user + system) * tickMicros,
    thread: ranMicros(`${tasks}/${pid}`),
  };
}

function ranMicros(task: string): number {
  try {
    return Number(readFileSync(`${task}/schedstat`, 'utf8').split(' ')[0]) / 1000;
  } catch {
    return 0; // it has ended since it was listed
  }
}
