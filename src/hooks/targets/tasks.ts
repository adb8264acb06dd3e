// The contract of pools of threads, `tasks({ … })`: an `rpc` point for each task at its caller, and one below it in the
// thread that runs it. This file has the caller's side; `task-thread.ts` has the thread's.
import { type Worker, isMainThread, setEnvironmentData, threadId } from 'node:worker_threads';

import { isRecorded, nobody, place } from '../../trace/context.js';
import { createStamp } from '../../trace/stamp.js';
import { tracing } from '../../trace/trace.js';
import { bindEmitter } from '../emitter.js';
import { createGuard, guarded } from '../guard.js';
import type { Instrumentation } from '../loading/modules.js';
import { patch } from '../patch.js';
import type { AgentPort } from '../port.js';
import { type Owner, type TargetFile, fileHook } from './files.js';
import { sentBy } from './rpc-caller.js';
import { type RpcFile, rpc } from './rpc.js';
import { type TaskMailbox, newMailbox } from './task-mailbox.js';
import { type HandedTasks, type TaskThread, hookTaskThread, tasksKey } from './task-thread.js';

/** The object that stands for one thread of a pool, in the thread that owns the pool. */
export interface PoolWorkers extends Pick<TargetFile<never>, 'file' | 'class'> {
  /** A method that posts a task to the thread. */
  readonly posts: string;
  /** What that method is called with. */
  task(args: readonly unknown[]): PoolTask;
  /** A method that is called once for each thread, in the turn in which the thread was made. */
  readonly made: string;
  thread(self: object): Worker;
}

/** A task, as its pool keeps it until a thread is free. */
export interface PoolTask {
  /** Its number, which the thread is told. A pool's number is never used again for the same thread. */
  readonly id: number;
  /** Calls a function in the context in which the application asked for the task. */
  run<Result>(fn: () => Result): Result;
}

/** The instrumentation of a library for pools of threads, as data. */
export interface Tasks {
  readonly library: string;
  /** The files by which the application asks for tasks. */
  readonly files: readonly RpcFile[];
  readonly workers: PoolWorkers;
  readonly thread: TaskThread;
}

/** Makes the instrumentation of a library for pools of threads. */
export function tasks({ library, files, workers, thread }: Tasks): Instrumentation {
  const callers = rpc({ library, system: library, files });
  return {
    hooks: (agent) => [
      ...callers.hooks(agent),
      // The thread's own file loads it before it serves anything.
      {
        file: thread.loads,
        versions: undefined,
        install: () => {
          if (!isMainThread && thread.main.test(process.argv[1] ?? '')) {
            hookTaskThread(library, thread, agent, threadId);
          }
        },
      },
      fileHook(
        { ...workers, also: (prototype) => hookWorkers(library, workers, agent, prototype as Owner) },
        agent,
        () => () => {},
      ),
    ],
  };
}

/** What the threads of this thread's pools are given: one mailbox for all, and for each a ring of its own. */
let mailbox: TaskMailbox | undefined;

function hookWorkers(library: string, workers: PoolWorkers, agent: AgentPort, owner: Owner): void {
  const guard = createGuard(`${library} tasks`);
  const rings = createStamp<SharedArrayBuffer>();
  const its = (mailbox ??= newMailbox());
  let ring: SharedArrayBuffer;
  // It lies ready for the next thread. Threads of other kinds get it too, and never ask for it.
  const prepare = (): void => {
    ring = agent.newRing();
    setEnvironmentData(tasksKey, { mailbox: its.memory, ring } satisfies HandedTasks);
  };
  prepare();
  patch(
    owner,
    workers.made,
    (original) =>
      function (this: unknown) {
        guarded(guard, () => {
          if (rings.has(this as object)) return;
          rings.put(this as object, ring);
          prepare();
        });
        return Reflect.apply(original, this, arguments as unknown as unknown[]);
      },
  );
  patch(
    owner,
    workers.posts,
    (original) =>
      function (this: unknown) {
        const args = arguments as unknown as unknown[];
        if (tracing.live > 0) guarded(guard, () => carry(this as object, args));
        return Reflect.apply(original, this, args);
      },
  );

  const read = createStamp<true>();
  function carry(self: object, args: readonly unknown[]): void {
    const task = workers.task(args);
    // A task that had to wait is posted when another one is done: in that one's place, or in nobody's.
    const context = task.run(place);
    if (context === undefined || !isRecorded(context)) return;
    const thread = workers.thread(self);
    const memory = rings.of(self);
    if (memory === undefined) return;
    if (!read.has(self)) {
      read.put(self, true);
      const close = agent.readRing(memory);
      bindEmitter(thread, nobody(), guard, (event) => {
        if (event === 'exit') close();
      });
    }
    its.put(thread.threadId, task.id, sentBy(context));
  }
}
