// Talks to the processes that the benchmarks start.
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/**
 * Waits for the next message of a process.
 *
 * @param name of the process, for people
 * @throws if it ends instead
 */
export async function nextMessage(child: ChildProcess, name: string): Promise<unknown> {
  const done = new AbortController();
  const { signal } = done;
  try {
    return await Promise.race([
      once(child, 'message', { signal }).then(([message]) => message as unknown),
      once(child, 'exit', { signal }).then(([code]) => {
        throw new Error(`${name}: the process ended with ${String(code)}`);
      }),
    ]);
  } finally {
    done.abort();
  }
}

/** Ends a process, and waits until it is gone. */
export async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}
