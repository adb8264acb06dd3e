// Callbacks that are brought back to where they belong: a library calls them from the connection that answered.
import { type Context, runIn } from '../../trace/context.js';
import { createStamp } from '../../trace/stamp.js';
import type { Call, Callback } from './call.js';

/** A callback that runs in a context. */
export function bindCallback(callback: Callback, context: Context | undefined): Callback {
  return function () {
    return runIn(context, callback, this, arguments as unknown as unknown[]);
  };
}

/** The calls that callbacks of ours wait for, where the library may ask again. */
const waitingCalls = createStamp<Call>();

/** The call that a callback waits for; it goes back to where that was made by itself. Undefined for all others. */
export const waitingCall = (callback: unknown): Call | undefined => waitingCalls.of(callback);

/** A callback that settles the call and then runs where the caller was. */
export function settlingCallback(call: Call, callback: Callback): Callback {
  function settling(this: unknown): unknown {
    const args = arguments as unknown as unknown[];
    const [error] = args;
    if (error !== null && error !== undefined) call.fail(error);
    else call.succeed(args[1], args[2]);
    return runIn(call.caller, callback, this, args);
  }
  if (call.checkout) waitingCalls.put(settling, call);
  return settling;
}
