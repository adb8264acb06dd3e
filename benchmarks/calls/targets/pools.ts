// A task of a pool of one thread. What is measured is the thread that asks for it.
import { join } from 'node:path';
import type * as Piscina from 'piscina';

import { type Kind, load, sources, together } from '../kind.js';

const filename = join(sources, 'calls/targets/task.cjs');
const one = { filename, minThreads: 1, maxThreads: 1, idleTimeout: 3_600_000 };

interface Pool {
  run(task: object): Promise<unknown>;
}

const kind = (name: string, open: () => Promise<Pool>): Kind => ({
  name: `${name}: a task`,
  count: 50,
  // One where it is asked for, and one in its thread.
  points: 2,
  isCoarse: true,
  async open() {
    const pool = await open();
    const run = (): Promise<unknown> => pool.run({ order: 42 });
    // The thread is up when it has done one.
    await run();
    return together(run);
  },
});

export const pools: readonly Kind[] = [
  kind('piscina', async () => new (load<typeof Piscina>('piscina').Piscina)(one)),
  kind('tinypool', async () => {
    const { Tinypool: Pool } = await import('tinypool');
    return new Pool({ ...one, runtime: 'worker_threads' });
  }),
];
