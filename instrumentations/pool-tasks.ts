// The parts that piscina and tinypool, which comes from it, have in common: how a task is asked for, and what their messages say.
import { basename } from 'node:path';

import type { End } from '../src/hooks/calls/call.js';
import { read } from '../src/hooks/guard.js';
import { calleesByMethod } from '../src/hooks/targets/callees.js';
import type { Callee, RpcCall } from '../src/hooks/targets/rpc.js';
import type { TaskThread } from '../src/hooks/targets/task-thread.js';

const byName = calleesByMethod();

/** A function in a file: `default` of `resize.js`. */
const calleeOf = (filename: unknown, name: unknown): Callee =>
  byName(typeof filename === 'string' ? basename(filename) : undefined, name);

interface Named {
  readonly filename?: unknown;
  readonly name?: unknown;
}
interface Message {
  readonly taskId: number;
  readonly error?: unknown;
}

/** `pool.run(task, options)` */
export const runEnding = (...ends: readonly End[]): RpcCall => ({
  kind: 'client',
  callee([, given], self) {
    // Options that the application gives may be anything; the library says so itself.
    const { filename, name } = read(() => ({ ...(given as Named | undefined) })) ?? {};
    const { options } = self as { readonly options: Named };
    return calleeOf(filename ?? options.filename, name ?? options.name);
  },
  // A queue, a balancer and listeners of the application's.
  callsOut: true,
  ends,
});

export const taskIdIn = (message: unknown): number => (message as Message).taskId;

export const thread: TaskThread = {
  port: (message) => (message as { readonly port?: unknown }).port,
  task(message) {
    const { filename, name } = message as Named;
    return { id: taskIdIn(message), callee: calleeOf(filename, name) };
  },
  answer: (message) => ({ id: taskIdIn(message), error: (message as Message).error }),
};
