// The contract of pools of threads, `tasks({ … })`: an `rpc` point for each task at its caller, and one below it in the
// thread that runs it. This file has the caller's side; `task-thread.ts` has the thread's.
import { join } from 'node:path';
import { MessagePort, type Worker, setEnvironmentData } from 'node:worker_threads';

import { type Context, isRecorded, nobody, place } from '../../trace/context.js';
import { createStamp } from '../../trace/stamp.js';
import { tracing } from '../../trace/trace.js';
import { type Callback, type End, notMine } from '../calls/call.js';
import { onChannel } from '../channel.js';
import { bindEmitter } from '../emitter.js';
import { type Guard, createGuard, guarded } from '../guard.js';
import type { Instrumentation } from '../loading/modules.js';
import { patch } from '../patch.js';
import type { AgentPort } from '../port.js';
import { viewWith } from '../view.js';
import { type TargetFile, fileHook } from './files.js';
import { sentBy } from './rpc-caller.js';
import { type RpcFile, rpc } from './rpc.js';
import { type TaskMailbox, newMailbox } from './task-mailbox.js';
import { type HandedTasks, type TaskThread, anyThread, hookTaskThread, tasksKey } from './task-thread.js';

/** A library whose threads have a class that can be hooked. */
export interface PoolWorkers extends Pick<TargetFile<never>, 'file' | 'class'> {
  /** A method of that class that posts a task to the thread. */
  readonly posts: string;
  /** What that method is called with. */
  task(args: readonly unknown[]): PoolTask;
  thread(self: object): Worker;
}

/** A task, as its pool keeps it until a thread is free. */
export interface PoolTask {
  /** Its number, which the thread is told. A pool's number is never used again for the same thread. */
  readonly id: number;
  /** Calls a function in the context in which the application asked for the task. */
  run<Result>(fn: () => Result): Result;
}

/** A library that hides its threads, but posts each task with the very list of what is transferred. */
export interface HiddenWorkers {
  /** The file that asks for tasks with `markedList`. */
  readonly file: string;
  /** The thread's main file, in the package. */
  readonly main: string;
  /** The number of the task that a message is for; no two tasks of the library have the same one. */
  id(message: unknown): number;
}

/** The instrumentation of a library for pools of threads, as data. */
export interface Tasks {
  readonly library: string;
  /** The files by which the application asks for tasks. */
  readonly files: readonly RpcFile[];
  readonly workers: PoolWorkers | HiddenWorkers;
  readonly thread: TaskThread;
}

/** Makes the instrumentation of a library for pools of threads. */
export function tasks({ library, files, workers, thread }: Tasks): Instrumentation {
  const callers = rpc({ library, system: library, files });
  return {
    hooks: (agent) => [
      ...callers.hooks(agent),
      'posts' in workers
        ? fileHook(
            { ...workers, also: (prototype) => hookWorkers(library, workers, agent, prototype) },
            agent,
            () => () => {},
          )
        : {
            file: workers.file,
            versions: undefined,
            install: (_exports, _load, _need, folder) => hookPosts(library, workers, agent, folder),
          },
    ],
    thread: (agent) => hookTaskThread(library, thread, agent),
  };
}

function hookWorkers(library: string, workers: PoolWorkers, agent: AgentPort, prototype: object): void {
  const guard = createGuard(`${library} tasks`);
  const { mailbox, read } = shareWithThreads(agent, guard);
  onPost(prototype, workers.posts, guard, (self, args) => {
    const task = workers.task(args);
    // A task that had to wait is posted when another one is done: in that one's place, or in nobody's.
    const context = task.run(place);
    if (context === undefined || !isRecorded(context)) return;
    const thread = workers.thread(self as object);
    read(thread);
    mailbox.put(thread.threadId, task.id, sentBy(context));
  });
}

/** The lists of what is transferred, of tasks in traces. */
const marks = createStamp<Context>();

/**
 * Gives a call's options a list of their own of what is transferred, by which the task's message is recognised when it
 * is posted. It stands before what tells the call's end.
 *
 * @param index the position of the options
 */
export const markedList =
  (index: number): End =>
  ({ args, context }) => {
    if (context === undefined) return notMine;
    const options = args[index] as { readonly transferList?: unknown } | null | undefined;
    const given = options?.transferList;
    if (given !== undefined && !Array.isArray(given)) return notMine;
    const transferList: unknown[] = [...((given as unknown[] | undefined) ?? [])];
    marks.put(transferList, context);
    args[index] = options ? viewWith(options, { transferList }) : { transferList };
    return notMine;
  };

/** The libraries whose tasks are recognised, by the main files of their threads. */
const hidden = new Map<string, Guard>();

function hookPosts(library: string, workers: HiddenWorkers, agent: AgentPort, folder: string): void {
  const guard = createGuard(`${library} tasks`);
  const main = join(folder, workers.main);
  const { mailbox, read } = shareWithThreads(agent, guard, main);
  // Another copy of the library counts its tasks from the same number on.
  for (const other of hidden.values()) other.off = true;
  hidden.set(main, guard);
  if (hidden.size > 1) guard.off = true;
  onPost(MessagePort.prototype, 'postMessage', guard, (_self, [message, list]) => {
    const context = marks.of(list);
    if (context === undefined || !isRecorded(context)) return;
    // Nothing tells which of the threads the port leads to.
    read();
    mailbox.put(anyThread, workers.id(message), sentBy(context));
  });
}

function onPost(
  owner: object,
  method: string,
  guard: Guard,
  see: (self: unknown, args: readonly unknown[]) => void,
): void {
  patch(
    owner as Record<string, Callback>,
    method,
    (original) =>
      function () {
        const args = arguments as unknown as unknown[];
        if (tracing.live > 0) guarded(guard, () => see(this, args));
        return Reflect.apply(original, this, args);
      },
  );
}

interface Shared {
  readonly mailbox: TaskMailbox;
  /** Reads what a thread writes from now on; all threads if undefined. */
  read(thread?: Worker): void;
}

/** What this thread shares with the threads that it makes: one mailbox for all, and for each a ring of its own. */
let shared: Shared | undefined;
let main: string | undefined;

function shareWithThreads(agent: AgentPort, guard: Guard, ofHidden: string | undefined = main): Shared {
  main = ofHidden;
  if (shared !== undefined) {
    prepareNext?.();
    return shared;
  }
  const mailbox = newMailbox();
  const rings = new Map<Worker, SharedArrayBuffer>();
  let ring = agent.newRing();
  // It lies ready for the next thread. Threads that belong to no pool get it too, and never ask for it.
  prepareNext = () =>
    setEnvironmentData(tasksKey, { mailbox: mailbox.memory, ring, main } satisfies HandedTasks);
  prepareNext();
  onChannel<{ readonly worker: Worker }>('worker_threads', ({ worker }) => {
    for (const each of rings.keys()) if (each.threadId === -1) rings.delete(each);
    rings.set(worker, ring);
    ring = agent.newRing();
    prepareNext!();
  });
  const readOne = (thread: Worker): void => {
    const memory = rings.get(thread);
    if (memory === undefined) return;
    rings.delete(thread);
    const close = agent.readRing(memory);
    bindEmitter(thread, nobody(), guard, (event) => {
      if (event === 'exit') close();
    });
  };
  shared = {
    mailbox,
    read(thread) {
      for (const each of thread === undefined ? rings.keys() : [thread]) readOne(each);
    },
  };
  return shared;
}

let prepareNext: (() => void) | undefined;
