// The process whose calls are measured. It runs the batches that its parent asks for.
import { AsyncResource } from 'node:async_hooks';
import { openSync, readSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

import type * as api from '../../src/index.js';
import { hmacKey } from '../variants.js';
import { kinds } from './kinds.js';
import { type Kind, load } from './kind.js';

/** The task of a process. */
export type State =
  /** No trace at any time. */
  | 'quiet'
  /** A trace has come and gone. */
  | 'after'
  /** A trace is live. Calls are made in it, or beside it. */
  | 'live';

/** One batch. */
export interface Order {
  /** The name of the kind. */
  readonly kind: string;
  readonly inTrace: boolean;
  readonly measure: 'ns' | 'bytes';
}

// A trace ends a second after its last point, and a new one must be ruled out.
const endedMs = 2500;

const [state, base_id, apiPath, asked] = process.argv.slice(2) as [State, string, string, string];
const { profiler } = load<typeof api>(apiPath);
const { gc } = globalThis as { gc?: () => void };

type Run = (batch: () => void | Promise<void>) => void | Promise<void>;

/** Runs something when nothing of the last batch is left. */
const apart: Run = (batch) => new AsyncResource('batch').runInAsyncScope(batch);

interface Opened {
  readonly kind: Kind;
  readonly prepare: Awaited<ReturnType<Kind['open']>>;
}

async function main(): Promise<void> {
  // Runs in the trace's context, like the code of a request.
  let within: Run = apart;
  if (state !== 'quiet') {
    await apart(() => {
      profiler.init(hmacKey, { base_id });
      profiler.trace('warmed', () => {});
      if (state === 'live') within = AsyncResource.bind((batch) => batch()) as Run;
      else profiler.clean();
    });
  }
  if (state === 'after') await sleep(endedMs);
  const names = new Set(JSON.parse(asked) as string[]);
  const opened = new Map<string, Opened>();
  for (const kind of kinds) {
    if (names.has(kind.name)) opened.set(kind.name, { kind, prepare: await kind.open() });
  }
  process.on('message', ({ kind: name, inTrace, measure }: Order) => {
    void (async () => {
      const { kind, prepare } = opened.get(name)!;
      const { count, isTrigger } = kind;
      const batch = prepare({ count, base_id: inTrace ? base_id : undefined, profiler });
      const run = inTrace && isTrigger !== true ? within : apart;
      process.send!((measure === 'ns' ? await nanoseconds(run, batch) : await bytes(run, batch)) / count);
    })();
  });
  process.send!('ready');
}

/** The CPU time of this thread. What another process takes of the machine meanwhile does not count. */
async function nanoseconds(run: Run, batch: () => void | Promise<void>): Promise<number> {
  const before = ranNs();
  const result = run(batch);
  if (result !== undefined) await result;
  return ranNs() - before;
}

// The first thread, which runs the application, has the number of the process.
const schedstat = openSync(`/proc/self/task/${process.pid}/schedstat`, 'r');
const read = Buffer.alloc(64);
const nobody = new Int32Array(new SharedArrayBuffer(4));
const napMs = 0.05;

/** The kernel counts what a thread has run when it pauses, and otherwise once in a few milliseconds: so it pauses. */
function ranNs(): number {
  Atomics.wait(nobody, 0, 0, napMs);
  readSync(schedstat, read, 0, read.length, 0);
  return Number(read.toString('latin1', 0, read.indexOf(32)));
}

/**
 * The bytes that were allocated on the heap. The young generation is so large that nothing of it is collected
 * meanwhile.
 */
async function bytes(run: Run, batch: () => void | Promise<void>): Promise<number> {
  gc!();
  const before = process.memoryUsage().heapUsed;
  const result = run(batch);
  if (result !== undefined) await result;
  return process.memoryUsage().heapUsed - before;
}

void main();
