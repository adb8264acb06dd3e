import { isMainThread } from 'node:worker_threads';

const signals = ['SIGTERM', 'SIGINT'] as const;

/** How a process or thread ends: with an exit code, or by a signal that nobody else handles. */
export interface WayOut {
  readonly exit_code: number;
  readonly signal?: NodeJS.Signals;
}

/** Watches for the end of the process or thread while there is something to lose. */
export interface Watch {
  /** From the first trace on; adds the signals. */
  arm(): void;
  /** No trace is live: the signals are the application's alone again. */
  disarm(): void;
}

/**
 * Calls back once the process (or the thread) ends, synchronously: nothing else runs after it.
 *
 * A signal without a handler ends Node at once, with no chance to store anything. So while a trace is live
 * there is a handler; it puts itself away and raises the signal again where the application has none of
 * its own. Like every handler it runs only when the event loop turns: while a traced request blocks it,
 * the signal waits.
 */
export function watchWayOut(leave: (out: WayOut) => void): Watch {
  let armed = false;

  function onSignal(signal: NodeJS.Signals): void {
    disarm();
    const isLast = process.listenerCount(signal) === 0;
    if (isLast) {
      leave({ exit_code: signal === 'SIGINT' ? 130 : 143, signal });
      process.kill(process.pid, signal);
    }
  }

  function disarm(): void {
    for (const signal of signals) process.removeListener(signal, onSignal);
  }

  return {
    arm() {
      if (!armed) process.on('exit', (exit_code) => leave({ exit_code }));
      armed = true;
      if (!isMainThread) return;
      // First in the row: a `once` handler of the application's is still counted then.
      for (const signal of signals) process.prependListener(signal, onSignal);
    },
    disarm,
  };
}
