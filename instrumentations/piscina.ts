// Pools of threads by piscina 4.6 to 5: an `rpc` point for each task, from `run` to its result, and one below it in the
// thread that runs it.
import type { AsyncResource } from 'node:async_hooks';
import type { Worker } from 'node:worker_threads';

import { returnedPromise } from '../src/hooks/calls/ends.js';
import { tasks } from '../src/hooks/targets/tasks.js';
import { runEnding, taskIdIn, thread } from './pool-tasks.js';

const classOf =
  (name: string) =>
  (exports: object): unknown =>
    (exports as Readonly<Record<string, unknown>>)[name];

export const piscina = tasks({
  library: 'piscina',
  files: [
    { file: 'piscina/dist/index', class: classOf('Piscina'), methods: { run: runEnding(returnedPromise) } },
  ],
  workers: {
    file: 'piscina/dist/worker_pool/index',
    class: classOf('WorkerInfo'),
    posts: 'postTask',
    task: ([info]) => ({ id: taskIdIn(info), run: (fn) => (info as AsyncResource).runInAsyncScope(fn) }),
    thread: (self) => (self as { readonly worker: Worker }).worker,
  },
  thread,
});
