import type { EventEmitter } from 'node:events';

import { type Call, type Callback, type Settling, settlingCallback } from './call.js';
import { bindEmitter } from './emitter.js';

const isCallback = (value: unknown): value is Callback => typeof value === 'function';

/** The last function among the arguments is called with an error or a result; else another way. */
export const byCallbackOr =
  (otherwise: Settling): Settling =>
  (call, invoke) => {
    const at = call.args.findLastIndex(isCallback);
    if (at === -1) return otherwise(call, invoke);
    call.args[at] = settlingCallback(call, call.args[at] as Callback);
    return invoke();
  };

/**
 * The method gives a promise that it makes with the class in a property of its object.
 *
 * A handler of ours on that promise would hide an unhandled rejection from Node, and another promise in
 * its place would not be the library's own. So for the time of the call the class is replaced by one that
 * makes the same promises and sees them being resolved.
 */
export const byPromiseOf =
  (property: string): Settling =>
  (call, invoke) => {
    const owner = call.self as Record<string, unknown>;
    const original = owner[property];
    if (call.context === undefined || typeof original !== 'function') return invoke();
    if (!Reflect.set(owner, property, watched(original as PromiseConstructor, call))) {
      return unobserved(call, invoke);
    }
    try {
      return invoke();
    } finally {
      Reflect.set(owner, property, original);
    }
  };

type Executor = (resolve: (value: unknown) => void, reject: (error: unknown) => void) => void;

function watched(original: PromiseConstructor, call: Call): PromiseConstructor {
  return new Proxy(original, {
    construct(target, [executor]: [Executor]) {
      return new target((resolve, reject) =>
        executor(
          (value) => {
            call.succeed(value);
            resolve(value);
          },
          (error) => {
            call.fail(error);
            reject(error);
          },
        ),
      );
    },
  });
}

/** Nothing tells of the call's end, as where an object is frozen: the point ends with what can be seen. */
export const unobserved: Settling = (call, invoke) => {
  const result = invoke();
  call.succeed(undefined);
  return result;
};

/** The method gives an emitter that ends with `end`, after `error` when it failed. */
export const byEvents: Settling = (call, invoke) => {
  const result = invoke();
  if (isEmitter(result)) settleByEvents(call, result);
  return result;
};

/** Has the events of an emitter settle a call. */
export function settleByEvents(call: Call, emitter: EventEmitter): void {
  const isBound = bindEmitter(emitter, call.caller, call.guard, (event, error) => {
    if (event === 'error') call.fail(error);
    else if (event === 'end') call.succeed(undefined);
  });
  if (!isBound) call.succeed(undefined);
}

/** The emitter that a call gives beside calling back: what it tells of the end comes before the result. */
export const bindEvents: Settling = (call, invoke) => {
  const result = invoke();
  if (isEmitter(result)) bindEmitter(result, call.caller, call.guard);
  return result;
};

function isEmitter(value: unknown): value is EventEmitter {
  return typeof value === 'object' && value !== null && typeof (value as EventEmitter).emit === 'function';
}
