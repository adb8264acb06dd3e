// Pools of threads by tinypool 1 and 2: an `rpc` point for each task, from `run` to its result, and one below it in the
// thread that runs it. tinypool consists of ES modules, and shows neither its threads nor its tasks.
import { returnedPromise } from '../src/hooks/calls/ends.js';
import { markedList, tasks } from '../src/hooks/targets/tasks.js';
import { runEnding, taskIdIn, thread } from './pool-tasks.js';

export const tinypool = tasks({
  library: 'tinypool',
  files: [
    {
      file: 'tinypool/dist/index',
      class: (exports) => (exports as Readonly<Record<string, unknown>>)['Tinypool'],
      methods: { run: runEnding(markedList(1), returnedPromise) },
    },
  ],
  workers: { file: 'tinypool/dist/index', main: 'dist/entry/worker.js', id: taskIdIn },
  thread: { ...thread, isHidden: true },
});
