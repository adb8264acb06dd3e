import { channel } from 'node:diagnostics_channel';
import { isAbsolute } from 'node:path';
import type { Worker } from 'node:worker_threads';

import { nobody, runIn } from '../trace/context.js';
import { messageOf, notice, tell } from '../trace/notice.js';
import type { Sink } from '../trace/point.js';
import type { BundleMark } from './bundles.js';
import type { DeliverySettings } from './delivery.js';
import {
  Atomics,
  SharedArrayBuffer,
  ThreadWorker,
  on,
  ownThreads,
  postMessage,
  unref,
} from './own-threads.js';
import type { ExportData, ExportMessage } from './protocol.js';
import { writeEvent } from './record.js';
import {
  type Ring,
  closeRing,
  createRing,
  endTrace,
  isClosed,
  isEmpty,
  markShared,
  openRing,
  takeBack,
} from './ring.js';

// About 40,000 events: what a busy thread makes while the worker thread boots. Memory is taken only for what
// is used of it.
const ringBytes = 8 * 1024 * 1024;
const handedRingBytes = 4 * 1024 * 1024;

// A worker thread that still boots takes up to 40 ms, on a busy machine far more.
const bootMs = 2000;

/** How much of the time on the way out is for the store; the rest is for the spool. */
const storingShare = 0.8;

/** A ring for another thread, which this thread's exporter reads. */
export interface HandedRing {
  readonly memory: SharedArrayBuffer;
  /** The trace that the other thread works for has ended. */
  endTrace(): void;
  /** Others than that trace post to the thread. */
  share(): void;
  /** The other thread is gone. */
  close(): void;
}

/** From one thread of the application to the collector. */
export interface Exporter {
  /** Takes one event. Never blocks and never throws. */
  readonly write: Sink;
  /**
   * Waits until all events are stored, or until the time is up; then they are spooled. For ways out that
   * leave no later moment.
   *
   * @param isLast whether the process ends for sure
   */
  flush(timeoutMs: number, isLast: boolean): void;
  /** Has the worker thread look for packages in a file, and say what can be done about them. */
  inspect(file: string, marks: readonly BundleMark[]): void;
  /** Makes a ring for a thread that is about to start. */
  handRing(): HandedRing;
}

/**
 * Makes the exporter of a thread. Its worker thread, which owns the connection to the collector, starts
 * with the first event, so that an application without a trace has none.
 *
 * @param connectionStrings of the stores, each of which gets all events
 * @param workerFile what the worker thread runs
 * @param handed the ring that the thread which started this one reads; then no worker is needed here
 */
export function createExporter(
  connectionStrings: readonly string[],
  delivery: DeliverySettings,
  workerFile: string,
  handed?: SharedArrayBuffer,
): Exporter {
  let ring: Ring | undefined = handed && openRing(handed);
  let worker: Worker | undefined;
  const progress = new Int32Array(new SharedArrayBuffer(8));
  // Of threads that may have left something in them, for `rescue`.
  const handedRings = new Set<Ring>();
  let ticket = 0;
  let failed = false;

  function ownRing(): Ring {
    return (ring ??= createRing(ringBytes));
  }

  function send(message: ExportMessage): void {
    if (failed) return;
    worker ??= startWorker(
      workerFile,
      {
        connectionStrings,
        delivery,
        script: mainFile(),
        ring: handed ? undefined : ownRing().memory,
        progress: progress.buffer,
      },
      () => (failed = true),
    );
    failed ||= worker === undefined;
    if (worker !== undefined) Reflect.apply(postMessage, worker, [message]);
  }

  return {
    write(context, message, info, at) {
      try {
        // The reader of a handed ring looks into it by itself: no message can come from here.
        if (writeEvent(ownRing(), context, message, info, at) && handed === undefined) send({ kind: 'wake' });
      } catch (error) {
        fail(error);
      }
    },

    flush(timeoutMs, isLast) {
      if (worker === undefined || failed) return;
      send({ kind: 'flush', ticket: ++ticket, timeoutMs: timeoutMs * storingShare, isLast });
      const isUp = Atomics.wait(progress, 1, 0, bootMs) !== 'timed-out';
      const deadline = isUp ? performance.now() + timeoutMs : 0;
      for (;;) {
        const done = Atomics.load(progress, 0);
        const leftMs = deadline - performance.now();
        if (done >= ticket) return;
        if (leftMs <= 0) {
          if (isLast) rescue(connectionStrings, delivery, [ownRing(), ...handedRings]);
          return;
        }
        Atomics.wait(progress, 0, done, leftMs);
      }
    },

    inspect(file, marks) {
      if (handed === undefined) send({ kind: 'inspect', file, marks });
    },

    handRing() {
      const forThread = createRing(handedRingBytes);
      for (const each of handedRings) if (isClosed(each) && isEmpty(each)) handedRings.delete(each);
      handedRings.add(forThread);
      send({ kind: 'adopt', ring: forThread.memory });
      return {
        memory: forThread.memory,
        endTrace: () => endTrace(forThread),
        share: () => markShared(forThread),
        close() {
          closeRing(forThread);
          send({ kind: 'wake' });
        },
      };
    },
  };
}

/** The file that this thread runs. With code in its place, the first argument is any text. */
function mainFile(): string | undefined {
  const [, file] = process.argv;
  const isCode = process.execArgv.some((each) => /^(?:-[epi]+$|--(?:eval|print)(?:=|$))/.test(each));
  return file !== undefined && isAbsolute(file) && !isCode ? file : undefined;
}

/** The worker thread is blocked, so it can't spool: what it has not taken yet is spooled here. */
function rescue(
  connectionStrings: readonly string[],
  delivery: DeliverySettings,
  rings: readonly Ring[],
): void {
  const blocked = "the exporter's thread is blocked, what it was storing may be lost";
  // Loaded now: nearly no process needs them.
  const { createLiner } = require('./liner.js') as typeof import('./liner.js');
  const toLine = createLiner(delivery.drivers);
  const lines = rings.flatMap((ring) => takeBack(ring, toLine));
  try {
    const { Spool } = require('./spool.js') as typeof import('./spool.js');
    for (const each of lines.length > 0 ? connectionStrings : []) {
      if (new Spool(each, delivery.spool).write(lines) === undefined) throw new Error('the spool is full');
    }
    tell(`${blocked}; ${lines.length} more events wait in the spool`);
  } catch (error) {
    tell(`${lines.length} events were lost: ${blocked}, and they can't be spooled: ${messageOf(error)}`);
  }
}

function fail(error: unknown): void {
  // Node's own message names the flag only since 22.13.
  const isForbidden = (error as { code?: unknown } | null)?.code === 'ERR_ACCESS_DENIED';
  const hint = isForbidden ? ' (under the permission model the agent needs --allow-worker)' : '';
  notice(`traces are not stored: the exporter failed: ${messageOf(error)}${hint}`);
}

/**
 * The thread has neither the application's preloads nor its environment: its modules are its own, so
 * that the collector's traffic is never traced. It keeps no process alive.
 */
function startWorker(file: string, workerData: ExportData, onExit: () => void): Worker | undefined {
  try {
    // Outside of the trace that happens to be first: what Node keeps of it lives as long as the thread.
    return runIn(
      nobody(),
      () => {
        const worker = untold(
          () =>
            new ThreadWorker(file, {
              name: 'ostrace exporter',
              workerData,
              execArgv: loaderOfPackages(),
              env: {},
              // Nearly all of its memory is garbage at once: more room for that would only be kept, and with less
              // of it, collecting takes a third of this thread's time.
              resourceLimits: { maxYoungGenerationSizeMb: 8 },
              // Not piped into the process's own streams, where listeners of ours would be counted.
              stdout: true,
              stderr: true,
            }),
        );
        ownThreads.add(worker);
        Reflect.apply(on, worker, ['error', fail]);
        Reflect.apply(on, worker, ['exit', onExit]);
        Reflect.apply(unref, worker, []);
        return worker;
      },
      undefined,
      [],
    );
  } catch (error) {
    fail(error);
    return undefined;
  }
}

/** Under Yarn's Plug'n'Play no package can be found without its loader, not even this one in its archive. */
function loaderOfPackages(): string[] {
  return process.versions['pnp'] === undefined ? [] : ['--require', require.resolve('pnpapi')];
}

/** Makes a thread of which the subscribers of Node's channel are not told. */
function untold(make: () => Worker): Worker {
  const threads = channel('worker_threads');
  Object.defineProperty(threads, 'hasSubscribers', { value: false, configurable: true });
  try {
    return make();
  } finally {
    delete (threads as { hasSubscribers?: boolean }).hasSubscribers;
  }
}
