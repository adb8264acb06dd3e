// Starts the exporter's thread, and starts it again if it ends.
import { channel } from 'node:diagnostics_channel';
import type { Worker } from 'node:worker_threads';

import { elapsed } from '../trace/clock.js';
import { nobody, runIn } from '../trace/context.js';
import { messageOf, notice } from '../trace/notice.js';
import { isPassing } from '../trace/passing.js';
import { clientEnvironment } from './client-environment.js';
import { ThreadWorker, later, on, ownThreads, postMessage, unref } from './own-threads.js';
import type { ExportData, ExportMessage } from './protocol.js';

const [firstRestMs, lastRestMs] = [100, 30_000];
/** A thread that has lived for this long did not end because of how it was started. */
const longMs = 60_000;

/** The exporter, as its thread needs it. */
export interface ThreadOwner {
  data(isRestarted: boolean): ExportData;
  /** The environment that the thread gets. */
  environment(): NodeJS.ProcessEnv;
  /** Called when a new thread runs: it does not know what the previous thread was told. */
  onStart(): void;
  onEnd(): void;
  /** Whether there is work for the thread. */
  hasWork(): boolean;
}

/**
 * The exporter's thread. It starts when it is first needed, and again if it has ended or could not be started,
 * because the cause (no descriptors, no memory) may pass. It rests between attempts, longer each time.
 */
export class ExportThread {
  readonly #file: string;
  readonly #owner: ThreadOwner;
  #worker: Worker | undefined;
  #reason: unknown;
  #isRestarted = false;
  /** How often it ended or could not be started since it last lived for long. */
  #failures = 0;
  #startedAt = 0;
  #restUntil = 0;
  #isWaiting = false;

  constructor(file: string, owner: ThreadOwner) {
    this.#file = file;
    this.#owner = owner;
  }

  /** Why it is not running; undefined if it is running or was never needed. */
  get problem(): string | undefined {
    return this.#worker === undefined && this.#failures > 0 ? messageOf(this.#reason) : undefined;
  }

  /** @returns false if it is not running and cannot be told */
  send(message: ExportMessage): boolean {
    if (this.#worker === undefined && elapsed() < this.#restUntil) return this.#wait();
    const worker = (this.#worker ??= this.#start());
    if (worker === undefined) return this.#wait();
    Reflect.apply(postMessage, worker, [message]);
    return true;
  }

  #start(): Worker | undefined {
    this.#startedAt = elapsed();
    try {
      const worker = startWorker(this.#file, this.#owner.data(this.#isRestarted), this.#owner.environment());
      this.#isRestarted = true;
      Reflect.apply(on, worker, ['error', (error: unknown) => (this.#reason = error)]);
      Reflect.apply(on, worker, ['exit', (code: number) => this.#end(code)]);
      Reflect.apply(unref, worker, []);
      this.#worker = worker;
      this.#owner.onStart();
      return worker;
    } catch (error) {
      this.#reason = error;
      this.#fail();
      return undefined;
    }
  }

  #end(code: number): void {
    this.#worker = undefined;
    this.#reason ??= new Error(`it exited with code ${code}`);
    if (elapsed() - this.#startedAt > longMs) this.#failures = 0;
    this.#owner.onEnd();
    this.#fail();
    if (this.#owner.hasWork()) this.#wait();
  }

  #fail(): void {
    const isForbidden = (this.#reason as { code?: unknown } | null)?.code === 'ERR_ACCESS_DENIED';
    const restMs = isForbidden ? Infinity : Math.min(lastRestMs, firstRestMs * 2 ** this.#failures);
    this.#failures++;
    this.#restUntil = elapsed() + restMs;
    // Node's own message names the flag only from 22.13 on.
    const hint = isForbidden ? ' (under the permission model the agent needs --allow-worker)' : '';
    const what = isForbidden
      ? 'traces are not stored: the exporter failed'
      : isPassing(this.#reason)
        ? "events are waiting: the exporter's thread cannot run now and is started again later"
        : "the exporter's thread ended, and is started again";
    notice(`${what}: ${messageOf(this.#reason)}${hint}`);
  }

  /** Starts the thread once the rest is over, unless a message does so before. */
  #wait(): false {
    const restMs = this.#restUntil - elapsed();
    if (this.#isWaiting || restMs === Infinity) return false;
    this.#isWaiting = true;
    const timer = later(
      () => {
        this.#isWaiting = false;
        if (this.#worker === undefined && this.#owner.hasWork()) this.send({ kind: 'wake' });
      },
      Math.max(restMs, 0) + 1,
    );
    timer.unref();
    return false;
  }
}

/**
 * The thread has neither the application's preloads nor its environment. Its modules are its own, so the traffic of
 * the stores is never traced. It keeps no process alive.
 */
function startWorker(file: string, workerData: ExportData, environment: NodeJS.ProcessEnv): Worker {
  // Runs outside of the trace that happens to be first: what Node keeps of the thread lives as long as the thread.
  return runIn(
    nobody(),
    () => {
      const worker = untold(
        () =>
          new ThreadWorker(file, {
            name: 'ostrace exporter',
            workerData,
            execArgv: loaderOfPackages(),
            env: clientEnvironment(environment),
            resourceLimits: {
              // Nearly all of its memory becomes garbage at once. More room would only be kept, and with less room,
              // collecting takes a third of this thread's time.
              maxYoungGenerationSizeMb: 8,
              // Waiting events and answers of stores are bounded. If the thread needs more, something is wrong, and
              // it must not take the application's memory.
              maxOldGenerationSizeMb: 256,
            },
            // The streams are not piped into the process's own streams, where listeners of ours would be counted.
            stdout: true,
            stderr: true,
          }),
      );
      ownThreads.add(worker);
      return worker;
    },
    undefined,
    [],
  );
}

/** Makes a thread without telling the subscribers of Node's channel. */
function untold(make: () => Worker): Worker {
  const threads = channel('worker_threads');
  Object.defineProperty(threads, 'hasSubscribers', { value: false, configurable: true });
  try {
    return make();
  } finally {
    delete (threads as { hasSubscribers?: boolean }).hasSubscribers;
  }
}

/** Under Yarn's Plug'n'Play, no package can be found without its loader, not even this package in its archive. */
function loaderOfPackages(): string[] {
  return process.versions['pnp'] === undefined ? [] : ['--require', require.resolve('pnpapi')];
}
