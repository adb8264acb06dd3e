// Makes callbacks run in the context of their caller: a library calls them from the connection that answered.
import { types } from 'node:util';

import { type Context, runIn } from '../../trace/context.js';
import { createStamp } from '../../trace/stamp.js';
import { lookalike } from '../patch.js';
import type { Call, Callback } from './call.js';

/** A callback that runs in a context. */
export function bindCallback(callback: Callback, context: Context | undefined): Callback {
  return function () {
    return runIn(context, callback, this, arguments as unknown as unknown[]);
  };
}

/** The calls that our callbacks wait for, if the library may ask again with such a callback. */
const waitingCalls = createStamp<Call>();

/**
 * The call that a callback waits for; undefined for every other callback. Such a callback returns to its caller's
 * context by itself.
 */
export const waitingCall = (callback: unknown): Call | undefined => waitingCalls.of(callback);

/** Makes a callback that ends the call and then runs in the caller's context. */
export function settlingCallback(call: Call, callback: Callback): Callback {
  function settling(this: unknown): unknown {
    // By its index: a pattern would ask the arguments for their iterator.
    const error: unknown = arguments[0];
    const args = arguments as unknown as unknown[];
    if (error !== null && error !== undefined) call.fail(error);
    else call.succeed(args[1], args[2]);
    return runIn(call.caller, callback, this, args);
  }
  if (call.checkout) waitingCalls.put(settling, call);
  return settling;
}

/** The same, for callbacks that are looked at: it has the name, the length and the properties of the callback. */
export function disguisedCallback(call: Call, callback: Callback): Callback {
  const settling = settlingCallback(call, callback);
  // A Proxy would be asked for its properties.
  if (types.isProxy(callback)) return settling;
  const disguised = lookalike(callback, (self, args) => Reflect.apply(settling, self, args));
  const prototype = Object.getPrototypeOf(callback) as object | null;
  if (prototype !== Function.prototype) Object.setPrototypeOf(disguised, prototype);
  return disguised;
}
