import { isAbsolute, join } from 'node:path';
import type { Worker as NodeWorker, WorkerOptions } from 'node:worker_threads';

import { copyWith } from '../src/hooks/copy.js';
import { bindEmitter } from '../src/hooks/emitter.js';
import { type Guard, createGuard, guarded } from '../src/hooks/guard.js';
import { disguise } from '../src/hooks/patch.js';
import type { Settings } from '../src/hooks/settings.js';
import { type Context, current, tracing } from '../src/trace/context.js';
import type { Info } from '../src/trace/event.js';
import { failure } from '../src/trace/info.js';
import { type Point, startPoint, stopPoint } from '../src/trace/point.js';

type Options = WorkerOptions | undefined;

/**
 * Worker threads: a `thread` point from the constructor until the thread is gone. The thread's own preload
 * adds `thread_main` below it; it is made to run there whatever `execArgv` and `env` say.
 *
 * @param builtin the `worker_threads` module
 */
export function workerThreads(settings: Settings, builtin: { Worker: typeof NodeWorker }): void {
  const Original = builtin.Worker;
  const guard = createGuard('Worker');
  const preload = createPreload(settings.preload);

  // A subclass, not a Proxy: `worker.constructor === Worker` and `instanceof` have to hold.
  class Worker extends Original {
    constructor(file: string | URL, options?: WorkerOptions) {
      const caller = guard.off || tracing.live === 0 ? undefined : current();
      if (caller === undefined) {
        super(file, preload.isUnresolvable(options) ? preload.addTo(options) : options);
        return;
      }
      const info = guarded(guard, () => describe(file, options)) ?? {};
      const point = startPoint('thread', caller, info, false);
      const thread = settings.handToThread(point.context);
      try {
        try {
          super(file, preload.addTo(options));
        } catch (error) {
          if (!preload.isRefused(error, options)) throw error;
          super(file, preload.addTo(options, error));
        }
        stopAtExit(this, point, caller, guard, thread.close);
      } catch (error) {
        thread.close();
        stopPoint(point, failure(error));
        throw error;
      } finally {
        thread.isStarted();
      }
    }
  }

  disguise(Worker as never, Original);
  builtin.Worker = Worker;
}

function stopAtExit(
  worker: NodeWorker,
  point: Point,
  caller: Context,
  guard: Guard,
  close: () => void,
): void {
  const thread_id = worker.threadId;
  let error: unknown;
  bindEmitter(worker, caller, guard, (event, value) => {
    if (event === 'error') error ??= value;
    if (event !== 'exit') return;
    stopPoint(point, {
      ...(error !== undefined && failure(error)),
      thread: { thread_id, exit_code: value },
    });
    close();
  });
}

/** Code given as text is not recorded. */
function describe(file: unknown, options: Options): Info {
  const path = file instanceof URL ? file.pathname : typeof file === 'string' ? file : undefined;
  const isData = file instanceof URL ? file.protocol === 'data:' : path?.startsWith('data:') === true;
  const isCode = options?.eval === true || isData;
  const name = options?.name;
  return {
    thread: {
      file: isCode ? '[code]' : path,
      ...(typeof name === 'string' && name !== '' && { name }),
    },
  };
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
  /** Whether Node could not find the preload for a new thread by itself. */
  isUnresolvable(options: Options): boolean;
  /**
   * Options that make the preload run in the thread; the caller's object stays as it is.
   *
   * @param refusal Node's error for the arguments of such options: those that it names are left out
   */
  addTo(options: Options, refusal?: Error): Options;
  /** Whether Node refused arguments that are not the caller's. */
  isRefused(error: unknown, options: Options): error is Error;
}

/** @param path of the preload; as a `--require` it also runs before code that is given as text */
function createPreload(path: string): Preload {
  const startFolder = workingFolder();
  const isOurs = (value: string | undefined): boolean =>
    value === 'ostrace/register' ||
    (value !== undefined && (isAbsolute(value) ? value : join(startFolder, value)) === path);

  /** The process's own arguments without the preload, which may be there in several forms. */
  function inherited(): string[] {
    const kept: string[] = [];
    for (let i = 0; i < process.execArgv.length; i++) {
      const argument = process.execArgv[i]!;
      const [flag, value] = argument.split(/=(.*)/s);
      const isPreload = flag === '--import' || flag === '--require' || flag === '-r';
      if (isPreload && value === undefined && isOurs(process.execArgv[i + 1])) i++;
      else if (!isPreload || !isOurs(value)) kept.push(argument);
    }
    return kept;
  }

  return {
    // Node resolves `--import ostrace/register` anew for each thread, from the working directory; once the
    // application has changed that, no thread would start any more.
    isUnresolvable: (options) =>
      options?.execArgv === undefined &&
      workingFolder() !== startFolder &&
      inherited().length < process.execArgv.length,

    addTo(options, refusal) {
      const given: unknown = options?.execArgv;
      // Not ours to judge: Node throws.
      if ((options as unknown) === null || (given !== undefined && !Array.isArray(given))) return options;
      const refused = refusal?.message.split(': ').at(-1)?.split(', ') ?? [];
      const rest = ((given as string[] | undefined) ?? inherited()).filter((each) => !refused.includes(each));
      return copyWith(options ?? {}, { execArgv: [`--require=${path}`, ...rest] });
    },

    // Arguments of the process may be none of a thread's (`--max-old-space-size`): a thread that is
    // given none inherits what applies.
    isRefused: (error, options): error is Error =>
      options?.execArgv === undefined &&
      error instanceof Error &&
      (error as NodeJS.ErrnoException).code === 'ERR_WORKER_INVALID_EXEC_ARGV',
  };
}
