// The thread's side of `tasks.ts`, in a thread of a pool: a point for each task, from its message to its answer.
//
// Such a thread gets its tasks by a port that its first message brings. While it has none, it may wait in `Atomics.wait`
// and take messages from that port by `receiveMessageOnPort`, in the middle of whatever task was the last one.
import {
  MessagePort,
  type parentPort as ParentPort,
  getEnvironmentData,
  threadId,
} from 'node:worker_threads';

import { ending } from '../../trace/cancelled.js';
import { type Context, enter, place, requestDefault, runIn, tracedBy } from '../../trace/context.js';
import { type Point, startPoint, stopPoint } from '../../trace/point.js';
import { release } from '../../trace/trace.js';
import type { PointInfo } from '../../trace/vocabulary.js';
import type { Callback } from '../calls/call.js';
import { createGuard, guarded } from '../guard.js';
import { patch } from '../patch.js';
import type { AgentPort } from '../port.js';
import { dispatch, knownPorts } from '../sources/shared-sources.js';
import type { Callee } from './rpc-contract.js';
import { startsOf } from './rpc-words.js';
import { openMailbox } from './task-mailbox.js';

/** The description of a pool's thread and of its messages. */
export interface TaskThread {
  /** The library does not tell, when it posts a task, which thread it is for. */
  readonly isHidden?: true;
  /** The port that the thread's first message brings: tasks come by it, and answers go by it. */
  port(message: unknown): unknown;
  /** What a task's message says. */
  task(message: unknown): { readonly id: number; readonly callee: Callee };
  /** What an answer says: of which task, and its error; undefined or `null` if there is none. */
  answer(message: unknown): { readonly id: number; readonly error: unknown };
}

/** The data that the pool's owner leaves for a thread of the pool. */
export interface HandedTasks {
  readonly mailbox: SharedArrayBuffer;
  readonly ring: SharedArrayBuffer;
  /** The main file of the threads whose library hides them: another copy's tasks may have the same numbers. */
  readonly main: string | undefined;
}

/** Stands for the thread where the library does not tell which one a task is for. */
export const anyThread = 0;

/** A name in the data of threads' environments that the application is unlikely to use. */
export const tasksKey = 'ostrace:tasks';

/** Hooks the ports of this thread, which runs the tasks of a pool. */
export function hookTaskThread(library: string, thread: TaskThread, agent: AgentPort): void {
  const handed = getEnvironmentData(tasksKey) as unknown as HandedTasks | undefined;
  if (handed === undefined) return;
  if (thread.isHidden === true && handed.main !== process.argv[1]) return;
  const id = thread.isHidden === true ? anyThread : threadId;
  const threads = require('node:worker_threads') as {
    parentPort: typeof ParentPort;
    receiveMessageOnPort: Callback;
  };
  const guard = createGuard(`${library} tasks`);
  const mailbox = openMailbox(handed.mailbox);
  const startOf = startsOf('server', library);
  const open = new Map<number, Point>();
  let port: unknown;

  /** Starts the point of a task that has arrived; undefined if it is in no trace. */
  function begin(message: unknown): Point | undefined {
    const task = thread.task(message);
    const traced = mailbox.take(id, task.id);
    if (traced === undefined) return undefined;
    agent.useRing(handed!.ring);
    const root = tracedBy(traced);
    try {
      const [start] = startOf(task.callee);
      const point = startPoint('rpc', root, start!.info as PointInfo<'rpc'>);
      open.set(task.id, point);
      return point;
    } finally {
      release(root.trace);
    }
  }

  /** Where a task runs. In a thread that is being ended, a message may arrive without its content. */
  const placeOf = (message: unknown): Context | undefined =>
    (message === undefined ? undefined : guarded(guard, () => begin(message))?.context) ?? requestDefault();

  function end(message: unknown): void {
    const { id: task, error } = thread.answer(message);
    const point = open.get(task);
    if (point === undefined) return;
    open.delete(task);
    stopPoint(point, error === undefined || error === null ? undefined : ending(error));
  }

  const prototype = MessagePort.prototype as unknown as Record<symbol, Callback>;
  const deliver = prototype[dispatch]!;
  Object.defineProperty(prototype, dispatch, {
    value(this: unknown, message: unknown) {
      const args = arguments as unknown as unknown[];
      if (port === undefined && this === threads.parentPort) {
        guarded(guard, () => findPort(message));
      }
      return this !== port || guard.off
        ? Reflect.apply(deliver, this, args)
        : runIn(placeOf(message), deliver, this, args);
    },
    configurable: true,
    writable: true,
  });
  function findPort(message: unknown): void {
    const given = thread.port(message);
    if (!(given instanceof MessagePort)) return;
    port = given;
    knownPorts.put(given, true);
  }

  // While messages are taken one after the other, the running code is in the place of the last one.
  let isTaking = false;
  let before: Context | undefined;
  function taken(entry: { readonly message: unknown } | undefined): void {
    if (entry === undefined) {
      if (isTaking) enter(before);
      isTaking = false;
      return;
    }
    if (!isTaking) before = place();
    isTaking = true;
    enter(placeOf(entry.message));
  }
  patch(
    threads,
    'receiveMessageOnPort',
    (original) =>
      function (given) {
        const entry = Reflect.apply(original, this, arguments as unknown as unknown[]);
        if (given === port && !guard.off) taken(entry as { readonly message: unknown } | undefined);
        return entry;
      },
  );
  patch(
    MessagePort.prototype as unknown as Record<string, Callback>,
    'postMessage',
    (original) =>
      function (message) {
        if (open.size > 0 && this === port) guarded(guard, () => end(message));
        return Reflect.apply(original, this, arguments as unknown as unknown[]);
      },
  );
}
