import { readFileSync, readdirSync } from 'node:fs';

/** CPU time that a process has used, in microseconds, in user and system mode. */
export interface Cpu {
  readonly process: number;
  /** The application's thread alone: the first one, whose id is the process's. */
  readonly thread: number;
}

/**
 * Reads what the kernel counted, in nanoseconds, from outside: nothing runs in the process for it. It is
 * exact while the process sleeps. A thread that has ended is not in it any more; those of Node, V8 and
 * ostrace live as long as the process.
 */
export function cpuOf(pid: number): Cpu {
  const tasks = `/proc/${pid}/task`;
  let total = 0;
  for (const task of readdirSync(tasks)) total += ranMicros(`${tasks}/${task}`);
  return { process: total, thread: ranMicros(`${tasks}/${pid}`) };
}

function ranMicros(task: string): number {
  return Number(readFileSync(`${task}/schedstat`, 'utf8').split(' ')[0]) / 1000;
}
