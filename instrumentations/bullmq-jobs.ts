// A part of `bullmq.ts`: the trace of a job. It is a member of the options that a job has in Redis, and is taken out of
// them when the job is read: what an application sees of a job's options is what it has given.
import { createGuard, guarded } from '../src/hooks/guard.js';
import { patch } from '../src/hooks/patch.js';
import type { HeadersOf } from '../src/hooks/targets/rpc.js';
import { createStamp } from '../src/trace/stamp.js';

/** A job as the application sees it, or as it is written. */
export interface Job {
  readonly name?: unknown;
  readonly opts: object;
  /** How often it was begun, this time included. */
  readonly attemptsStarted?: number;
  /** The same before BullMQ 5. */
  readonly attemptsMade?: number;
}

/** No option of BullMQ's has this name, and workers without ostrace leave it alone. */
const member = 'ostrace';

const received = createStamp<unknown>();
const guard = createGuard('bullmq jobs');

/** The headers that came with a job. */
export const receivedWith = (job: unknown): unknown => received.of(job);

/** Options with the trace of the call that adds the job. */
export function withTrace(opts: object, headersOf: HeadersOf): object {
  // Each run of a repeated job would have it, for as long as it is repeated.
  if ('repeat' in opts && opts.repeat !== undefined) return opts;
  const headers = headersOf(undefined);
  return headers === undefined ? opts : { ...opts, [member]: headers };
}

/** Takes the traces of jobs out of what is read of them, also while nothing is traced. */
export function hideTraces(prototype: object): void {
  patch(
    prototype.constructor as unknown as { fromJSON(...args: unknown[]): unknown },
    'fromJSON',
    (original) =>
      function () {
        const job: unknown = Reflect.apply(original, this, arguments as unknown as unknown[]);
        const { opts } = job as { readonly opts?: unknown };
        // Most jobs have none, and nothing is allocated for them.
        if (typeof opts === 'object' && opts !== null && member in opts) {
          guarded(guard, () => hideTrace(job as object, opts as Record<string, unknown>));
        }
        return job;
      },
  );
}

function hideTrace(job: object, opts: Record<string, unknown>): void {
  const found = opts[member];
  // An application may have an option of that name too.
  if (typeof found !== 'object' || found === null || !('x-trace-info' in found)) return;
  received.put(job, found);
  Reflect.deleteProperty(opts, member);
}
