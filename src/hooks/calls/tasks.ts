// Functions that a library calls when it has something to hand out: a pool that is given what to do with a connection.
import { nobody } from '../../trace/context.js';
import { watch } from '../../trace/returned.js';
import { type Callback, type End, notMine } from './call.js';
import { bindCallback, handingCallback, waitingCall } from './callback.js';
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
    call.args[index] = handingCallback(call, task as Callback);
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
      if (typeof task === 'function' && waitingCall(task) === undefined) {
        Reflect.set(entry, property, bindCallback(task as Callback, nobody()));
      }
      return entry;
    }),
  );
}
