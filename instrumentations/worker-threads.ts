// Records worker threads as `thread` points, and makes the preload run in them.
import type { Worker as NodeWorker } from 'node:worker_threads';

import { cancelled } from '../src/trace/cancelled.js';
import type { Callback } from '../src/hooks/calls/call.js';
import { bindEmitter } from '../src/hooks/emitter.js';
import { type Guard, createGuard, guarded, read, stoppingOnError } from '../src/hooks/guard.js';
import { asTwin, patch } from '../src/hooks/patch.js';
import type { HandedThread, AgentPort } from '../src/hooks/port.js';
import { threadMessages } from '../src/hooks/targets/thread-messages.js';
import { type Context, caller as callerOf } from '../src/trace/context.js';
import { tracing } from '../src/trace/trace.js';
import type { Info } from '../src/trace/event.js';
import { failure } from '../src/trace/info.js';
import { type Point, startPoint, stopPoint } from '../src/trace/point.js';
import { type Given, createPreload, optionsOf } from './thread-options.js';

/** A thread for which a point was started, before the thread is made. */
interface Begun {
  readonly given: Given;
  readonly point: Point;
  readonly thread: HandedThread;
}

/**
 * Records a worker thread as a `thread` point, from the constructor until the thread is gone. The thread's own
 * preload adds `thread_main` below it, and is made to run there whatever `execArgv` and `env` say.
 *
 * @param builtin the `worker_threads` module
 */
export function workerThreads(agent: AgentPort, builtin: { Worker: typeof NodeWorker }): void {
  const Original = builtin.Worker;
  const guard = createGuard('Worker');
  const preload = createPreload(agent.preload);

  function construct(args: unknown[], newTarget: typeof NodeWorker): NodeWorker {
    const asked = args[1];
    const make = (options: unknown): NodeWorker => {
      if (options !== asked) args[1] = options;
      const messages = threadMessages.of?.(args[0]);
      if (messages === undefined) return Reflect.construct(Original, args, newTarget) as NodeWorker;
      const lane = guarded(guard, () => messages.open(begun !== undefined));
      try {
        const worker = Reflect.construct(Original, args, newTarget) as NodeWorker;
        guarded(guard, () => lane?.made(worker));
        return worker;
      } finally {
        guarded(guard, () => lane?.close());
      }
    };
    const caller = tracing.live === 0 || guard.off ? undefined : callerOf();
    const begun = caller && guarded(guard, () => begin(caller, args));
    if (caller === undefined || begun === undefined) {
      return make(preload.isResolvable() ? asked : preload.mended(optionsOf(asked)));
    }
    const { given, point, thread } = begun;
    let worker: NodeWorker;
    try {
      worker = attempt(make, given, thread);
    } catch (error) {
      guarded(guard, () => thread.close());
      stopPoint(point, failure(error));
      throw error;
    } finally {
      guarded(guard, () => thread.isStarted());
    }
    guarded(guard, () =>
      stoppingOnError(point, () =>
        stopAtExit(worker, threadIdOf(worker), point, caller, guard, thread, given.transferList),
      ),
    );
    return worker;
  }

  function begin(caller: Context, args: readonly unknown[]): Begun {
    const given = optionsOf(args[1]);
    const point = startPoint('thread', caller, describe(args[0], given), false);
    const thread = stoppingOnError(point, () =>
      agent.handToThread(point.context, preload.argumentsSeen(given)),
    );
    return { given, point, thread };
  }

  /**
   * Makes the thread with the preload. If Node refuses an argument that the thread inherits, it is made without the
   * argument, and if that fails too, without the preload.
   */
  function attempt(make: (options: unknown) => NodeWorker, given: Given, thread: HandedThread): NodeWorker {
    let refused: readonly string[] = [];
    for (let i = 0; i < 2; i++) {
      try {
        return make(guarded(guard, () => preload.addTo(given, refused)) ?? given.options);
      } catch (error) {
        const named = read(() => refusedBy(error));
        if (given.isOdd || given.execArgv !== undefined || named === undefined) throw error;
        refused = named;
      }
    }
    guarded(guard, () => thread.isStarted());
    return make(given.options);
  }

  // `worker.threadId` is not used: a subclass may have one of its own, which is not ready yet.
  const threadIdOf = (worker: NodeWorker): unknown => Reflect.get(Original.prototype, 'threadId', worker);

  // oxlint-disable-next-line typescript/no-extraneous-class -- all else of it is Node's
  class Worker {
    constructor(file: unknown, ...rest: unknown[]) {
      return construct([file, ...rest], new.target as unknown as typeof NodeWorker);
    }
  }
  builtin.Worker = asTwin(Worker, Original);

  function post(original: Callback, self: unknown, args: ArrayLike<unknown>, see: See | undefined): unknown {
    const isOwn = see !== undefined && guarded(guard, () => see(args)) === true;
    const { loaded } = threadMessages;
    return loaded === undefined
      ? Reflect.apply(original, self, args as unknown[])
      : loaded.post(original, self, args, isOwn);
  }
  patch(
    builtin.Worker.prototype,
    'terminate',
    (original) =>
      ({
        terminate(this: unknown) {
          if (terminated.get(this as object) === false) terminated.set(this as object, true);
          return Reflect.apply(original, this, arguments as unknown as unknown[]);
        },
      }).terminate,
  );
  patch(
    builtin.Worker.prototype,
    'postMessage',
    (original) =>
      ({
        postMessage(this: unknown) {
          const args = arguments as unknown as unknown[];
          const see = posted.get(this as object);
          if (tracing.live > 0 || see !== undefined) return post(original, this, args, see);
          const result = Reflect.apply(original, this, args);
          threadMessages.loaded?.isPosted(this);
          return result;
        },
      }).postMessage,
  );
}

type See = (args: ArrayLike<unknown>) => boolean;

/** The functions that look at what is posted to the threads of traced callers. */
const posted = new WeakMap<object, See>();

/** The threads of traced callers, and whether the caller terminated them. */
const terminated = new WeakMap<object, boolean>();

function stopAtExit(
  worker: NodeWorker,
  thread_id: unknown,
  point: Point,
  caller: Context,
  guard: Guard,
  { close, watch }: HandedThread,
  transferList: unknown,
): void {
  let error: unknown;
  const see = watch(transferList);
  if (see !== undefined) posted.set(worker, see);
  terminated.set(worker, false);
  const observe = (event: unknown, value: unknown): void => {
    if (event === 'error') error ??= value;
    if (event !== 'exit') return;
    stopPoint(point, {
      ...(error !== undefined ? failure(error) : value !== 0 && terminated.get(worker) === true && cancelled),
      thread: { thread_id, exit_code: value },
    });
    close();
  };
  bindEmitter(worker, caller, guard, observe, isMessage);
}

/**
 * A message may be for any request, because a thread may belong to a pool. The code that receives it may go on with
 * other callers' tasks.
 */
const isMessage = (event: unknown): boolean => event === 'message' || event === 'messageerror';

/** The info for a thread's point. Code that is given as text is not recorded. */
function describe(file: unknown, { isCode, name }: Given): Info {
  return {
    thread: {
      file: isCode ? '[code]' : read(() => fileOf(file)),
      ...(typeof name === 'string' && name !== '' && { name }),
    },
  };
}

function fileOf(file: unknown): string | undefined {
  const path = file instanceof URL ? file.pathname : typeof file === 'string' ? file : undefined;
  const isData = file instanceof URL ? file.protocol === 'data:' : path?.startsWith('data:') === true;
  return isData ? '[code]' : path;
}

/**
 * The arguments that Node refused. Some arguments of a process are not allowed for a thread, such as
 * `--max-old-space-size`, and Node's error names them.
 */
function refusedBy(error: unknown): readonly string[] | undefined {
  const { code, message } = Object(error) as NodeJS.ErrnoException;
  return code === 'ERR_WORKER_INVALID_EXEC_ARGV' ? message.split(': ').at(-1)!.split(', ') : undefined;
}
