// Pools of threads by piscina 4.6 to 5: an `rpc` point for each task, from `run` to its result, and one below it in the
// thread that runs it.
import type { AsyncResource } from 'node:async_hooks';
import { basename } from 'node:path';
import type { Worker } from 'node:worker_threads';

import { returnedPromise } from '../src/hooks/calls/ends.js';
import { read } from '../src/hooks/guard.js';
import { calleesByMethod } from '../src/hooks/targets/callees.js';
import type { Callee, RpcCall } from '../src/hooks/targets/rpc.js';
import { tasks } from '../src/hooks/targets/tasks.js';

const byName = calleesByMethod();

/** A function in a file: `default` of `resize.js`. */
const calleeOf = (filename: unknown, name: unknown): Callee =>
  byName(typeof filename === 'string' ? basename(filename) : undefined, name);

interface Named {
  readonly filename?: unknown;
  readonly name?: unknown;
}
interface TaskInfo extends AsyncResource {
  readonly taskId: number;
}
interface Answer {
  readonly taskId: number;
  readonly error?: unknown;
}

const run: RpcCall = {
  kind: 'client',
  callee([, given], self) {
    // Options that the application gives may be anything; piscina says so itself.
    const { filename, name } = read(() => ({ ...(given as Named | undefined) })) ?? {};
    const { options } = self as { readonly options: Named };
    return calleeOf(filename ?? options.filename, name ?? options.name);
  },
  // A queue, a balancer and listeners of the application's.
  callsOut: true,
  ends: [returnedPromise],
};

const classOf =
  (name: string) =>
  (exports: object): unknown =>
    (exports as Readonly<Record<string, unknown>>)[name];

export const piscina = tasks({
  library: 'piscina',
  files: [{ file: 'piscina/dist/index', class: classOf('Piscina'), methods: { run } }],
  workers: {
    file: 'piscina/dist/worker_pool/index',
    class: classOf('WorkerInfo'),
    posts: 'postTask',
    task([info]) {
      const { taskId: id } = info as TaskInfo;
      return { id, run: (fn) => (info as TaskInfo).runInAsyncScope(fn) };
    },
    made: 'onReady',
    thread: (self) => (self as { readonly worker: Worker }).worker,
  },
  thread: {
    loads: 'piscina/dist/common',
    main: /[\\/]piscina[\\/]dist[\\/]worker\.js$/,
    port: (message) => (message as { readonly port?: unknown }).port,
    task(message) {
      const { taskId: id, filename, name } = message as Answer & Named;
      return { id, callee: calleeOf(filename, name) };
    },
    answer(message) {
      const { taskId: id, error } = message as Answer;
      return { id, error };
    },
  },
});
