import { isAbsolute, join } from 'node:path';
import type { Worker as NodeWorker, WorkerOptions } from 'node:worker_threads';

import { cancelled } from '../src/trace/cancelled.js';
import { viewWith } from '../src/hooks/view.js';
import { bindEmitter } from '../src/hooks/emitter.js';
import { type Guard, createGuard, guarded, read, stoppingOnError } from '../src/hooks/guard.js';
import { asTwin, patch } from '../src/hooks/patch.js';
import type { HandedThread, AgentPort } from '../src/hooks/port.js';
import { type Context, caller as callerOf } from '../src/trace/context.js';
import { tracing } from '../src/trace/trace.js';
import type { Info } from '../src/trace/event.js';
import { failure } from '../src/trace/info.js';
import { type Point, startPoint, stopPoint } from '../src/trace/point.js';

/** What a caller asks for. */
interface Given {
  /** The very object, or whatever it is. */
  readonly options: unknown;
  /** Node throws at it, and is left to do so. */
  readonly isOdd: boolean;
  readonly execArgv?: readonly string[] | undefined;
  readonly isCode: boolean;
  readonly name?: unknown;
  readonly transferList?: unknown;
}

/** A thread that a point was started for, before it is made. */
interface Begun {
  readonly given: Given;
  readonly point: Point;
  readonly thread: HandedThread;
}

/**
 * Worker threads: a `thread` point from the constructor until the thread is gone. The thread's own preload
 * adds `thread_main` below it; it is made to run there whatever `execArgv` and `env` say.
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
      return Reflect.construct(Original, args, newTarget) as NodeWorker;
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

  /** Makes the thread with the preload; else, where Node refuses an argument that it inherits, without. */
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

  // Not `worker.threadId`: a subclass may have one of its own, which is not ready yet.
  const threadIdOf = (worker: NodeWorker): unknown => Reflect.get(Original.prototype, 'threadId', worker);

  // oxlint-disable-next-line typescript/no-extraneous-class -- all else of it is Node's
  class Worker {
    constructor(file: unknown, ...rest: unknown[]) {
      return construct([file, ...rest], new.target as unknown as typeof NodeWorker);
    }
  }
  builtin.Worker = asTwin(Worker, Original);
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
          if (see !== undefined) guarded(guard, () => see(args));
          return Reflect.apply(original, this, args);
        },
      }).postMessage,
  );
}

/** Those that look at what is posted to the threads of traced callers. */
const posted = new WeakMap<object, (args: ArrayLike<unknown>) => void>();

/** The threads of traced callers, and whether such a one had its thread stopped. */
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

/** A thread may be a pool's: what it answers may be for any request, and who gets it may go on with others' tasks. */
const isMessage = (event: unknown): boolean => event === 'message' || event === 'messageerror';

function optionsOf(options: unknown): Given {
  try {
    const { execArgv, eval: isCode, name, transferList } = Object(options) as WorkerOptions;
    const isOdd = options === null || (Boolean(execArgv) && !Array.isArray(execArgv));
    return { options, isOdd, execArgv: execArgv || undefined, isCode: Boolean(isCode), name, transferList };
  } catch {
    return { options, isOdd: true, isCode: true };
  }
}

/** Code given as text is not recorded. */
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

/** An argument of the process may be none of a thread's: `--max-old-space-size`. Node names those. */
function refusedBy(error: unknown): readonly string[] | undefined {
  const { code, message } = Object(error) as NodeJS.ErrnoException;
  return code === 'ERR_WORKER_INVALID_EXEC_ARGV' ? message.split(': ').at(-1)!.split(', ') : undefined;
}

/** '' where it was removed, which is no reason for anything to fail. */
function workingFolder(): string {
  try {
    return process.cwd();
  } catch {
    return '';
  }
}

interface Preload {
  /** Whether Node finds the preload for a new thread by itself. */
  isResolvable(): boolean;
  /** Options with which Node can start a thread where it could not find the preload by itself. */
  mended(given: Given): unknown;
  /**
   * Options that make the preload run in the thread; the caller's object stays as it is.
   *
   * @param refused arguments to leave out
   */
  addTo(given: Given, refused?: readonly string[]): unknown;
  /** The arguments that the thread would see without the agent, where its caller names none. */
  argumentsSeen(given: Given): readonly string[] | undefined;
}

/** @param path of the preload; as a `--require` it also runs before code that is given as text */
function createPreload(path: string): Preload {
  const startFolder = workingFolder();
  const file = join(path);
  const isOurs = (value: string | undefined): boolean =>
    value === 'ostrace/register' ||
    (value !== undefined && (isAbsolute(value) ? join(value) : join(startFolder, value)) === file);

  // Taken now: what the application does to the array changes nothing for its threads.
  const inherited = [...process.execArgv];

  /** The process's own arguments without the preload, which may be there in several forms. */
  function withoutPreload(): string[] {
    const kept: string[] = [];
    for (let i = 0; i < inherited.length; i++) {
      const argument = inherited[i]!;
      const [flag, value] = argument.split(/=(.*)/s);
      const isPreload = flag === '--import' || flag === '--require' || flag === '-r';
      if (isPreload && value === undefined && isOurs(inherited[i + 1])) i++;
      else if (!isPreload || !isOurs(value)) kept.push(argument);
    }
    return kept;
  }

  // Node resolves `--import ostrace/register` anew for each thread, from the working directory; once the
  // application has changed that, no thread would start any more.
  const isResolvable = (): boolean =>
    workingFolder() === startFolder || withoutPreload().length === inherited.length;

  function addTo(given: Given, refused: readonly string[] = []): unknown {
    if (given.isOdd) return given.options;
    const rest = given.execArgv ?? (isResolvable() ? inherited : withoutPreload());
    const kept = rest.filter((argument) => !refused.includes(argument));
    return viewWith(Object(given.options) as object, { execArgv: [`--require=${path}`, ...kept] });
  }

  return {
    isResolvable,
    mended: (given) => (given.execArgv === undefined ? addTo(given) : given.options),
    addTo,
    argumentsSeen: ({ execArgv }) => (execArgv === undefined ? inherited : undefined),
  };
}
