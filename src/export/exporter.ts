// The exporter of one thread: its ring, its worker thread, and what happens to events at the end of the process.
import { isAbsolute } from 'node:path';

import { countWas } from '../trace/count.js';
import { messageOf, notice, tell } from '../trace/notice.js';
import { newId } from '../trace/ids.js';
import type { Sink } from '../trace/point.js';
import { Accounts } from './accounts.js';
import type { BundleMark } from '../diagnosis/bundles.js';
import type { DeliverySettings } from './delivery.js';
import { keptBytes } from './keeper.js';
import { writeEvent } from './record.js';
import {
  type Ring,
  closeRing,
  createRing,
  endTrace,
  hasDropped,
  isClosed,
  isEmpty,
  markShared,
  openRing,
  resetReader,
} from './ring.js';

import { ExportThread } from './thread.js';

// Room for about 35,000 events, which a busy thread makes while the worker thread boots. Memory is only taken for
// the part that is used.
const ringBytes = 8 * 1024 * 1024;
const handedRingBytes = 4 * 1024 * 1024;

// A worker thread takes up to 40 ms to boot, and far longer on a busy machine. Where OSTRACE_EXIT_TIMEOUT is longer, the
// boot may take as long, up to a limit. The wait for the stores begins after it.
const bootMs = { least: 2000, most: 10_000 } as const;

/** The share of the time at the end that the store gets. The spool gets the rest. */
const storingShare = 0.8;

/** A ring for another thread. This thread's exporter reads it. */
export interface HandedRing {
  readonly memory: SharedArrayBuffer;
  /** Reports that the trace that the other thread works for has ended. */
  endTrace(): void;
  /** Reports that others than that trace post to the thread. */
  share(): void;
  /** Reports that the other thread is gone. */
  close(): void;
}

/** Carries events from one thread of the application to the stores. */
export interface Exporter {
  /** Takes one event. Never blocks and never throws. */
  readonly write: Sink;
  /**
   * Waits until all events are stored, or until the time is up. The remaining events are then spooled. It is for an
   * end that leaves no later moment.
   *
   * @param isLast whether the process ends for sure
   */
  flush(timeoutMs: number, isLast: boolean): void;
  /** Whether there are events that are in no store and no spool yet, or that were lost without a report. */
  hasUnsent(): boolean;
  /** Has the worker thread look for packages in a file, and report what can be done about them. */
  inspect(file: string, marks: readonly BundleMark[]): void;
  /**
   * Makes a ring for another thread, and reads it.
   *
   * @param memory of a ring that was made for the thread earlier
   */
  handRing(memory?: SharedArrayBuffer): HandedRing;
}

/**
 * Makes the exporter of a thread. Its worker thread, which owns the connections to the stores, starts with the
 * first event, so an application without a trace has no worker thread.
 *
 * @param connectionStrings of the stores, each of which gets all events
 * @param workerFile the file that the worker thread runs
 * @param environment the application's
 * @param handed the ring that is read by the thread which started this one; then no worker is needed here
 */
export function createExporter(
  connectionStrings: readonly string[],
  delivery: DeliverySettings,
  workerFile: string,
  environment: () => NodeJS.ProcessEnv,
  handed?: SharedArrayBuffer,
): Exporter {
  let ring: Ring | undefined = handed && openRing(handed);
  let kept: Ring | undefined;
  const accounts = new Accounts(connectionStrings.length);
  const mark = newId().slice(0, 6);
  // Rings of threads that may have left events in them.
  const handedRings = new Set<Ring>();
  let ticket = 0;
  /** The number of events that could not even be written, and the reason below. */
  let unwritten = 0;
  let problem = '';

  const ownRing = (): Ring => (ring ??= createRing(ringBytes));

  /** The rings that this exporter's thread reads. */
  const readRings = (): Ring[] => [
    ...(handed === undefined && ring !== undefined ? [ring] : []),
    ...handedRings,
  ];

  const thread = new ExportThread(workerFile, {
    environment,
    data: (isRestarted) => ({
      connectionStrings,
      delivery,
      script: mainFile(),
      ring: handed === undefined ? ownRing().memory : undefined,
      accounts: accounts.memory,
      kept: (kept ??= createRing(keptBytes)).memory,
      mark,
      isRestarted,
    }),
    onStart() {
      for (const each of handedRings) thread.send({ kind: 'adopt', ring: each.memory });
    },
    onEnd() {
      accounts.isUp = false;
      // Events that waited in the thread for their other half are gone with it. So are events that it had no room
      // to keep.
      for (const account of accounts.stores) {
        account.lose(account.held + accounts.unkept);
        account.held = 0;
      }
      accounts.unkept = 0;
      for (const each of [...readRings(), ...(kept === undefined ? [] : [kept])]) resetReader(each);
    },
    hasWork: () => hasUnsent() || accounts.stores.some(({ spooled }) => spooled > 0),
  });

  /** @returns whether the thread is awake; if it is not running, the next event tries again */
  function wake(): void {
    if (!thread.send({ kind: 'wake' }) && ring !== undefined) resetReader(ring);
  }

  function hasUnsent(): boolean {
    const hasLeft = (each: Ring): boolean => !isEmpty(each) || hasDropped(each);
    const isUnsaid = accounts.stores.some(({ unsaid }) => unsaid > 0);
    return unwritten > 0 || isUnsaid || readRings().some(hasLeft) || (kept !== undefined && !isEmpty(kept));
  }

  /** Spools the events that the exporter's thread does not take care of, and reports lost events. */
  function takeOver(reason: string, isLast: boolean): void {
    // Loaded here, because hardly any process needs it.
    const { rescue } = require('./rescue.js') as typeof import('./rescue.js');
    rescue({ connectionStrings, delivery, accounts, mark, rings: readRings(), kept, reason, isLast });
  }

  function sayUnwritten(): void {
    if (unwritten > 0) tell(`${countWas(unwritten, 'event')} lost: ${problem}`);
    unwritten = 0;
  }

  return {
    write(context, message, info, tellsCpu, at) {
      try {
        // The reader of a handed ring polls it, because no message can come from here.
        if (writeEvent(ownRing(), context, message, info, tellsCpu, at) && handed === undefined) wake();
      } catch (error) {
        unwritten++;
        problem = `the exporter cannot take them: ${messageOf(error)}`;
        notice(`an event was lost: ${problem}`);
      }
    },

    flush(timeoutMs, isLast) {
      sayUnwritten();
      if (readRings().length === 0) return;
      const message = {
        kind: 'flush',
        ticket: ++ticket,
        timeoutMs: timeoutMs * storingShare,
        isLast,
      } as const;
      const isThere = thread.problem === undefined && thread.send(message);
      let reason = `the exporter's thread is not running: ${thread.problem}`;
      if (isThere) {
        const isUp = accounts.waitUntilUp(Math.min(Math.max(bootMs.least, timeoutMs), bootMs.most));
        const isDone = isUp && accounts.waitFor(ticket, timeoutMs);
        // Threads that still run may have written events meanwhile.
        if (isDone && !(isLast && [...handedRings].some((each) => !isEmpty(each)))) return;
        reason = isDone
          ? 'the process ended'
          : isUp
            ? "the exporter's thread is blocked"
            : "the exporter's thread did not start in time";
      }
      takeOver(reason, isLast);
    },

    hasUnsent,

    inspect(file, marks) {
      if (handed === undefined) thread.send({ kind: 'inspect', file, marks });
    },

    handRing(memory) {
      const forThread = memory === undefined ? createRing(handedRingBytes) : openRing(memory);
      for (const each of handedRings) {
        if (isClosed(each) && isEmpty(each) && !hasDropped(each)) handedRings.delete(each);
      }
      // Comes before the ring is in the set: a thread that starts now is told of all rings in the set.
      thread.send({ kind: 'adopt', ring: forThread.memory });
      handedRings.add(forThread);
      return {
        memory: forThread.memory,
        endTrace: () => endTrace(forThread),
        share: () => markShared(forThread),
        close() {
          closeRing(forThread);
          thread.send({ kind: 'wake' });
        },
      };
    },
  };
}

/**
 * The file that this thread runs. If the thread runs code that was given as text, the first argument can be any
 * text.
 */
function mainFile(): string | undefined {
  const [, file] = process.argv;
  const isCode = process.execArgv.some((each) => /^(?:-[epi]+$|--(?:eval|print)(?:=|$))/.test(each));
  return file !== undefined && isAbsolute(file) && !isCode ? file : undefined;
}
