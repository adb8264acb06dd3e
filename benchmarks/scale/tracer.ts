// The process that makes traces, as its parent asks for them.
import { AsyncResource } from 'node:async_hooks';

import type * as api from '../../src/index.js';
import { hmacKey } from '../variants.js';

export type Order =
  /** Begin traces with these ids. `weigh` measures them, which collects garbage, also in other threads. */
  | { readonly begin: readonly string[]; readonly weigh: boolean }
  /** Make this many points, one in each trace in turn. */
  | { readonly points: number }
  /** Let the traces end. */
  | { readonly end: true };

export interface Answer {
  /** The thread's time for the points. */
  readonly ns: number;
  /** The bytes that each trace keeps on the heap, if they were weighed. */
  readonly heapBytes: number;
}

const { profiler } = require(process.argv[2]!) as typeof api;
const { gc } = globalThis as { gc?: () => void };

/** Runs code as the code of a trace. */
type Enter = (code: () => void) => void;

let traces: Enter[] = [];
let next = 0;

function begin(base_id: string): Enter {
  return new AsyncResource('trace').runInAsyncScope(() => {
    profiler.init(hmacKey, { base_id });
    return AsyncResource.bind((code: () => void) => code());
  });
}

const noop = (): void => {};
const priced = (): void => profiler.trace('priced', { function: { name: 'Basket.priced' } }, noop);

/** The time of the thread only: nothing else runs in it meanwhile. */
function make(points: number): number {
  const started = process.hrtime.bigint();
  if (traces.length === 1) {
    // The context is entered once, as in a request.
    traces[0]!(() => {
      for (let i = 0; i < points; i++) priced();
    });
  } else {
    for (let i = 0; i < points; i++) traces[next++ % traces.length]!(priced);
  }
  return Number(process.hrtime.bigint() - started);
}

function beginAll(ids: readonly string[], weigh: boolean): number {
  if (weigh) gc!();
  const before = process.memoryUsage().heapUsed;
  traces = ids.map(begin);
  next = 0;
  if (!weigh) return 0;
  gc!();
  return (process.memoryUsage().heapUsed - before) / ids.length;
}

process.on('message', (order: Order) => {
  let [ns, heapBytes] = [0, 0];
  if ('begin' in order) heapBytes = beginAll(order.begin, order.weigh);
  else if ('points' in order) ns = make(order.points);
  else {
    for (const enter of traces) enter(() => profiler.clean());
    traces = [];
  }
  process.send!({ ns, heapBytes } satisfies Answer);
});
