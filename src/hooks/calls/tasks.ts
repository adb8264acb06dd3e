// Functions that a library calls when it has something to hand out: a pool that is given what to do with a connection.
import { nobody, runIn } from '../../trace/context.js';
import { watch } from '../../trace/returned.js';
import { createStamp } from '../../trace/stamp.js';
import { type Call, type Callback, type End, notMine } from './call.js';
import { bindCallback } from './callback.js';
import { gated } from './method.js';
import { patch } from '../patch.js';

/**
 * A function among the arguments is called with what the call waits for, and not if there is an error. Then the
 * promise that the call gives is rejected, which is seen where somebody handles it.
 *
 * @param index the position of that argument
 */
export const taskAt =
  (index: number): End =>
  (call) => {
    const task = call.args[index];
    if (typeof task !== 'function') return notMine;
    call.args[index] = boundTask(call, task as Callback);
    const result = call.invoke();
    if (call.context !== undefined && !call.isOver) {
      watch(
        result,
        () => call.succeed(undefined),
        (error) => call.fail(error),
      );
    }
    return result;
  };

/** Marks the tasks that return to their caller's context by themselves. */
const bound = createStamp<true>();

function boundTask(call: Call, task: Callback): Callback {
  function handing(this: unknown): unknown {
    const args = arguments as unknown as unknown[];
    call.succeed(args[0]);
    return runIn(call.caller, task, this, args);
  }
  bound.put(handing, true);
  return handing;
}

/**
 * Makes tasks that have waited since before the first trace run in nobody's place, and not in the place of whoever
 * made room for them.
 *
 * @param method gives an object that has the task in a property
 */
export function releaseTasks<Owner extends object>(
  owner: Owner,
  method: keyof Owner & string,
  property: string,
): void {
  patch(owner, method, (original) =>
    gated(original, (self, args) => {
      const entry: unknown = Reflect.apply(original, self, args);
      if (typeof entry !== 'object' || entry === null) return entry;
      const task = (entry as Record<string, unknown>)[property];
      if (typeof task === 'function' && !bound.has(task)) {
        Reflect.set(entry, property, bindCallback(task as Callback, nobody()));
      }
      return entry;
    }),
  );
}
