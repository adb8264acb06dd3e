// Watches for the end of the process or thread, so that the last events are stored or spooled before it.
import { isMainThread } from 'node:worker_threads';

import { nobody, place, runIn } from '../trace/context.js';
import { ownThreads } from './own-threads.js';

const signals = ['SIGTERM', 'SIGINT'] as const;
/** The exit code that a shell makes of a signal: 128 and its number. */
const codes = { SIGTERM: 143, SIGINT: 130 } as const;
// Taken at the start, because tests put timers of their own in its place.
const { setImmediate: later, setTimeout: muchLater } = globalThis;
/** How long the signals are still watched while something is unsent, between two checks. */
const [firstLookMs, lastLookMs] = [20, 1000];

/** How a process or thread ends: with an exit code, or by a signal that nobody else handles. */
export interface ProcessEnd {
  readonly exit_code: number;
  readonly signal?: NodeJS.Signals;
}

/** Watches for the end of the process or thread while there is something to lose. */
export interface Watch {
  /** From the first trace on; watches the signals as well. */
  arm(): void;
  /**
   * Reports that no trace is live. Once nothing can be lost any more, the signals are the application's alone
   * again.
   */
  disarm(): void;
}

/**
 * Calls back once the process (or the thread) ends, synchronously: nothing else runs after it.
 *
 * An own `process.emit` sees the end after all of the application's `exit` listeners, whose work is still recorded.
 * A listener of ours would be counted, and might be the one too many that Node warns of.
 *
 * A signal without a handler ends Node at once, with no chance to store anything. While a trace is live, or its
 * events are unsent, there is therefore a handler, unless the application has one. It is removed as soon as the
 * application adds one, and it raises the signal again. Like every handler, it runs only when the event loop turns:
 * while a traced request blocks the loop, the signal waits. A process may also end itself (`process.kill`, `abort`,
 * `reallyExit`, `execve`). None of its code runs after that, so these calls are reported before they are made.
 *
 * @param leave called at the end
 * @param flush called when a signal arrives that the application handles, which may be the end or not
 * @param hasUnsent whether something would be lost if the process ended now
 * @param onFailure called if the end cannot be watched any more, because the application has replaced what that
 *   needs
 */
export function watchProcessEnd(
  leave: (out: ProcessEnd) => void,
  flush: () => void,
  hasUnsent: () => boolean,
  onFailure: (error: unknown) => void,
): Watch {
  let isInstalled = false;
  let isLive = false;
  /** True while a trace is live, and after it for as long as something is unsent. */
  let isArmed = false;
  let isLooking = false;
  /** The end was reported before the function that ends the process is called. */
  let hasLeft = false;

  function install(): void {
    isInstalled = true;
    const original = process.emit as (...args: unknown[]) => boolean;
    function emit(this: unknown, ...args: unknown[]): boolean {
      const [event, first, second] = args;
      if (event === 'worker' && ownThreads.has(first as object)) return false;
      if (event === 'newListener' && isSignal(first) && second !== onSignal) {
        process.removeListener(first, onSignal);
      }
      // A handler of the application may end the process by raising the signal again.
      if (isSignal(event)) flush();
      try {
        // A process may do the same for many requests of the process that started it.
        // A message of which that is known has a point already.
        return event === 'message' && place()?.point !== 'rpc'
          ? runIn(nobody(), original, this, args)
          : Reflect.apply(original, this, args);
      } finally {
        // Runs later, because a listener that removes itself may be about to raise the signal again.
        if (event === 'removeListener' && isSignal(first) && second !== onSignal) {
          later(() => watch(first)).unref();
        }
        if (event === 'exit') {
          hasLeft = true;
          leave({ exit_code: Number(process.exitCode ?? first) });
        }
      }
    }
    Object.defineProperty(process, 'emit', { value: emit, configurable: true, writable: true });
    // These functions end the process without an event. `process.exit` ends it through the first of them.
    before('reallyExit', ([code]) => (hasLeft ? undefined : { exit_code: Number(code ?? 0) }));
    if (!isMainThread) return;
    before('abort', () => ({ exit_code: 134, signal: 'SIGABRT' }));
    before('execve', () => ({ exit_code: 0 }));
    before('kill', outOfKill);
  }

  /** Has unsent events stored before a method of `process` ends the process, if its arguments say that it does. */
  function before(name: string, outOf: (args: readonly unknown[]) => ProcessEnd | undefined): void {
    const property = Object.getOwnPropertyDescriptor(process, name);
    const original: unknown = property?.value;
    if (typeof original !== 'function') return;
    const { [name]: value } = {
      [name](this: unknown, ...args: unknown[]): unknown {
        const out = outOf(args);
        if (out !== undefined) leave(out);
        return Reflect.apply(original, this, args);
      },
    };
    Object.defineProperty(value, 'length', { value: original.length, configurable: true });
    Object.defineProperty(process, name, { ...property, value });
  }

  /**
   * After a signal that a process sends to itself, none of its code runs unless somebody handles the signal; our
   * handler would be called a turn later. A signal other than these two may end the process, or not.
   */
  function outOfKill([pid, sent]: readonly unknown[]): ProcessEnd | undefined {
    const to = Number(pid);
    if (sent === 0 || (to !== process.pid && to !== 0)) return undefined;
    const name = sent || 'SIGTERM';
    const signal = signals.find((each) => each === name || codes[each] === 128 + Number(name));
    if (signal === undefined) {
      if (hasUnsent()) flush();
      return undefined;
    }
    if (process.listeners(signal).some((each) => each !== onSignal)) return undefined;
    isArmed = false;
    unwatch();
    return hasLeft ? undefined : { exit_code: codes[signal], signal };
  }

  function watch(signal: Signal): void {
    if (isArmed && isMainThread && process.listenerCount(signal) === 0) process.on(signal, onSignal);
  }

  function onSignal(signal: NodeJS.Signals): void {
    isArmed = false;
    unwatch();
    leave({ exit_code: codes[signal as Signal], signal });
    hasLeft = true;
    process.kill(process.pid, signal);
  }

  /**
   * Runs later, because Node drops a signal that has arrived and was not emitted yet when its last listener is
   * removed. After the signals of this turn have been emitted, there is next to no time for another one.
   */
  function disarm(): void {
    isLive = false;
    if (isLooking) return;
    isLooking = true;
    later(() => lookAgain(firstLookMs));
  }

  function lookAgain(afterMs: number): void {
    try {
      if (!isLive && hasUnsent()) {
        muchLater(lookAgain, afterMs, Math.min(2 * afterMs, lastLookMs)).unref();
        return;
      }
      isLooking = false;
      if (isLive) return;
      isArmed = false;
      unwatch();
    } catch (error) {
      onFailure(error);
    }
  }

  function unwatch(): void {
    for (const signal of signals) process.removeListener(signal, onSignal);
  }

  return {
    arm() {
      if (!isInstalled) install();
      isLive = isArmed = true;
      for (const signal of signals) watch(signal);
    },
    disarm,
  };
}

type Signal = (typeof signals)[number];

function isSignal(value: unknown): value is Signal {
  return signals.includes(value as Signal);
}
