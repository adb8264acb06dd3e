// The process whose calls are measured. It runs the batches that its parent asks for.
import { AsyncResource } from 'node:async_hooks';
import { setTimeout as sleep } from 'node:timers/promises';

import type * as api from '../../src/index.js';
import { hmacKey } from '../variants.js';
import { kinds } from './kinds.js';

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
  readonly kind: number;
  readonly inTrace: boolean;
  readonly measure: 'ns' | 'bytes';
}

// A trace ends a second after its last point, and a new one must be ruled out.
const endedMs = 2500;

const [state, base_id, apiPath] = process.argv.slice(2) as [State, string, string];
const { profiler } = require(apiPath) as typeof api;
const { gc } = globalThis as { gc?: () => void };

type Run = (batch: () => void | Promise<void>) => void | Promise<void>;

/** Runs something when nothing of the last batch is left. */
const apart: Run = (batch) => new AsyncResource('batch').runInAsyncScope(batch);

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
  const batches = await Promise.all(kinds.map((kind) => kind.open()));
  process.on('message', ({ kind, inTrace, measure }: Order) => {
    void (async () => {
      const { count, isTrigger } = kinds[kind]!;
      const batch = batches[kind]!({ count, base_id: inTrace ? base_id : undefined, profiler });
      const run = inTrace && isTrigger !== true ? within : apart;
      process.send!((measure === 'ns' ? await nanoseconds(run, batch) : await bytes(run, batch)) / count);
    })();
  });
  process.send!('ready');
}

async function nanoseconds(run: Run, batch: () => void | Promise<void>): Promise<number> {
  const started = process.hrtime.bigint();
  const result = run(batch);
  if (result !== undefined) await result;
  return Number(process.hrtime.bigint() - started);
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
