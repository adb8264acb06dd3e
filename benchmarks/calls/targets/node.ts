// Node's own calls, and those of the agent's API.
import { ChildProcess } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { Worker } from 'node:worker_threads';

import { type Kind, noop, sync } from '../kind.js';

/** Behaves like `spawn`, but makes no system call. */
function stubbedChild(): ChildProcess {
  const child = Object.create(ChildProcess.prototype) as ChildProcess;
  Reflect.apply(EventEmitter, child, []);
  return Object.assign(child, { _handle: { spawn: () => 0, pid: 1 }, _closesNeeded: 1, _closesGot: 0 });
}

export const node: readonly Kind[] = [
  {
    name: 'child_process: spawn',
    count: 200,
    points: 1,
    open: sync(() => {
      const child = stubbedChild();
      Reflect.apply((ChildProcess.prototype as unknown as { spawn: () => unknown }).spawn, child, [
        { file: '/bin/true', args: ['/bin/true'], stdio: 'ignore', envPairs: [] },
      ]);
      child.emit('exit', 0, null);
      child.emit('close', 0, null);
    }),
  },
  {
    // In a trace, each would be given a ring before Node throws. The benchmark of requests measures whole threads.
    name: 'new Worker, refused by Node',
    count: 100,
    open: sync(() => {
      try {
        void new Worker(42 as never);
      } catch {
        // not the name of a file
      }
    }),
  },
  {
    name: 'profiler.trace, no info',
    count: 500,
    points: 1,
    open: sync(({ profiler }) => profiler.trace('priced', noop)),
  },
  {
    name: 'profiler.trace with info',
    count: 500,
    points: 1,
    open: sync(({ profiler }) => profiler.trace('priced', { function: { name: 'Basket.priced' } }, noop)),
  },
  {
    name: 'await of a value',
    count: 10_000,
    points: 0,
    isAwait: true,
    open:
      async () =>
      ({ count }) =>
      async () => {
        // oxlint-disable-next-line typescript/await-thenable -- the price of an `await` is the question
        for (let i = 0; i < count; i++) await undefined;
      },
  },
];
