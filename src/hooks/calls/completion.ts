import type { EventEmitter } from 'node:events';

import type { Call, Callback, Settling } from './call.js';
import { settlingCallback } from './callback.js';
import { bindEmitter } from '../emitter.js';

/** Nothing but the call: somebody else watches for its end, or there is none. */
export const unwatched: Settling = (call) => call.invoke();

/** The last function among the arguments is called with an error or a result; else another way. */
export const byCallbackOr =
  (otherwise: Settling): Settling =>
  (call) =>
    takesCallback(call) ? call.invoke() : otherwise(call);

/** Has the last function among the arguments settle the call; false where there is none. */
export function takesCallback(call: Call): boolean {
  const { args } = call;
  for (let i = args.length - 1; i >= 0; i--) {
    const value = args[i];
    if (typeof value !== 'function') continue;
    args[i] = settlingCallback(call, value as Callback);
    return true;
  }
  return false;
}

/**
 * The method gives a promise that it makes with the class in a property of its object.
 *
 * A handler of ours on that promise would hide an unhandled rejection from Node, and another promise in
 * its place would not be the library's own. So for the time of the call the class is replaced by one that
 * makes the same promises and sees them being resolved.
 */
export const byPromiseOf =
  (property: string): Settling =>
  (call) => {
    const owner = call.self as Record<string, unknown>;
    const original = owner[property];
    if (call.context === undefined || typeof original !== 'function') return invokeMaking(undefined, call);
    try {
      owner[property] = standInFor(original as PromiseConstructor);
    } catch {
      return unobserved(call); // it is frozen
    }
    try {
      return invokeMaking(call, call);
    } finally {
      owner[property] = original;
    }
  };

type Executor = (resolve: (value: unknown) => void, reject: (error: unknown) => void) => void;

/** The call whose promise is about to be made. */
let making: Call | undefined;

/** @param whose of the promises that are made meanwhile: an inner call makes some which are not the outer one's */
function invokeMaking(whose: Call | undefined, call: Call): unknown {
  const outer = making;
  making = whose;
  try {
    return call.invoke();
  } finally {
    making = outer;
  }
}

const standIns = new WeakMap<PromiseConstructor, PromiseConstructor>();

/** A class that makes the same promises. One for all calls: to make it costs as much as the rest of a call. */
function standInFor(original: PromiseConstructor): PromiseConstructor {
  let standIn = standIns.get(original);
  if (standIn === undefined) {
    standIn = function (executor: Executor) {
      const call = making;
      return new original(call === undefined ? executor : settlingExecutor(executor, call));
    } as unknown as PromiseConstructor;
    Object.setPrototypeOf(standIn, original);
    Object.defineProperty(standIn, 'prototype', { value: original.prototype });
    standIns.set(original, standIn);
    standIns.set(standIn, standIn);
  }
  return standIn;
}

const settlingExecutor =
  (executor: Executor, call: Call): Executor =>
  (resolve, reject) =>
    executor(
      (value) => {
        call.succeed(value);
        resolve(value);
      },
      (error) => {
        call.fail(error);
        reject(error);
      },
    );

/** Nothing tells of the call's end, as where an object is frozen: the point ends with what can be seen. */
export const unobserved: Settling = (call) => {
  const result = call.invoke();
  call.succeed(undefined);
  return result;
};

/** What is counted of the events of an emitter: the result of the call that gives it. */
export interface Tally {
  see(event: unknown, first: unknown): void;
}

/** The method gives an emitter that ends with `end`, after `error` when it failed. */
export const byEvents =
  (tally?: () => Tally): Settling =>
  (call) => {
    const result = call.invoke();
    if (isEmitter(result)) settleByEvents(call, result, call.context && tally?.());
    return result;
  };

/** Has the events of an emitter settle a call. */
export function settleByEvents(call: Call, emitter: EventEmitter, tally?: Tally): void {
  const isBound = bindEmitter(emitter, call.caller, call.guard, (event, first) => {
    if (event === 'error') call.fail(first);
    else if (event === 'end') call.succeed(tally);
    else tally?.see(event, first);
  });
  if (!isBound) call.succeed(undefined);
}

/** The emitter that a call gives beside calling back: what it tells of the end comes before the result. */
export const bindEvents: Settling = (call) => {
  const result = call.invoke();
  if (isEmitter(result)) bindEmitter(result, call.caller, call.guard);
  return result;
};

function isEmitter(value: unknown): value is EventEmitter {
  return typeof value === 'object' && value !== null && typeof (value as EventEmitter).emit === 'function';
}
