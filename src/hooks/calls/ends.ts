// The ways in which a call tells its end: the recognisers that instrumentations list, in order, under `ends`.
import type { EventEmitter } from 'node:events';

import { runIn } from '../../trace/context.js';
import { watch } from '../../trace/returned.js';
import { bindEmitter } from '../emitter.js';
import { viewWith } from '../view.js';
import { type Call, type Callback, type End, notMine } from './call.js';
import { disguisedCallback, settlingCallback } from './callback.js';

/** The last function among the arguments is called with an error or a result. */
export const lastCallback: End = (call) => (takesCallback(call) ? call.invoke() : notMine);

/** The same, for a function that may look at its callback: at its name, or at the number of its parameters. */
export const ownCallback: End = (call) => (takesCallback(call, disguisedCallback) ? call.invoke() : notMine);

/** Makes the last function among the arguments end the call; false if there is none. */
export function takesCallback(
  call: Call,
  settling: (call: Call, callback: Callback) => Callback = settlingCallback,
): boolean {
  const { args } = call;
  for (let i = args.length - 1; i >= 0; i--) {
    const value = args[i];
    if (typeof value !== 'function') continue;
    args[i] = settling(call, value as Callback);
    return true;
  }
  return false;
}

/**
 * The last argument is a function that is called with the answer, which is no error. It may never be called, as of an
 * answer that the other side owes: until then the call does not keep its trace live.
 */
export const lastAnswer: End = (call) => {
  const { args } = call;
  const at = args.length - 1;
  const callback = args[at];
  if (typeof callback !== 'function') return notMine;
  let isSuspended = false;
  args[at] = function (this: unknown) {
    const answer = arguments as unknown as unknown[];
    if (isSuspended) call.resume();
    isSuspended = false;
    call.succeed(answer[0]);
    return runIn(call.caller, callback as Callback, this, answer);
  };
  const result = call.invoke();
  if (call.context !== undefined && !call.isOver) {
    isSuspended = true;
    call.suspend();
  }
  return result;
};

/** A property of the first argument is called with an error or a result. The application's object stays as it is. */
export const callbackIn =
  (property: string): End =>
  (call) => {
    const options = call.args[0] as Readonly<Record<string, unknown>> | string | null | undefined;
    const callback = typeof options === 'object' ? options?.[property] : undefined;
    if (typeof callback !== 'function') return notMine;
    call.args[0] = viewWith(options as object, {
      [property]: settlingCallback(call, callback as Callback),
    });
    return call.invoke();
  };

/**
 * The method gives a promise, made with the class in a property of its object.
 *
 * A handler of ours on that promise would hide an unhandled rejection from Node. Another promise in its place would
 * not be the library's own. The class is therefore replaced, during the call, by one that makes the same promises and
 * sees them being resolved.
 */
export const promiseOf =
  (property: string): End =>
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

/**
 * @param owner the call that the promises belong to; undefined for an inner call, whose promises are not the outer
 *   call's
 */
function invokeMaking(owner: Call | undefined, call: Call): unknown {
  const outer = making;
  making = owner;
  try {
    return call.invoke();
  } finally {
    making = outer;
  }
}

const standIns = new WeakMap<PromiseConstructor, PromiseConstructor>();

/**
 * A class that makes the same promises. One class serves all calls, because making it costs as much as the rest of a
 * call.
 */
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

/**
 * An argument has the two functions by which the library settles the promise that it returns: an ioredis command has
 * `resolve` and `reject`.
 *
 * @param index the position of that argument
 * @param property the property of the argument that has them, if it is not the argument itself
 */
export const resolversOf =
  (index: number, property?: string): End =>
  (call) => {
    const given = call.args[index];
    const owner = (
      property === undefined ? given : (given as Record<string, unknown> | null | undefined)?.[property]
    ) as { resolve?: unknown; reject?: unknown } | null | undefined;
    if (typeof owner?.resolve !== 'function' || typeof owner.reject !== 'function') return notMine;
    if (call.context === undefined) return call.invoke();
    const { resolve, reject } = owner as { resolve: Callback; reject: Callback };
    const isSet =
      Reflect.set(owner, 'resolve', function (this: unknown, value: unknown) {
        call.succeed(value);
        return Reflect.apply(resolve, this, arguments as unknown as unknown[]);
      }) &&
      Reflect.set(owner, 'reject', function (this: unknown, error: unknown) {
        call.fail(error);
        return Reflect.apply(reject, this, arguments as unknown as unknown[]);
      });
    return isSet ? call.invoke() : unobserved(call);
  };

/**
 * The method gives a promise, or another object with a `then`. The application gets that very object, and it is
 * watched when somebody asks it for its outcome: a handler of ours would hide an unhandled rejection. This recogniser
 * makes every call, so it stands last.
 */
export const returnedPromise: End = (call) => watchReturned(call, (value) => call.succeed(value));

/**
 * The method gives a promise of an object that is used for a while, such as an iterator of answers. The object tells of
 * the end by a promise of the library's own, with an error or nothing, that never rejects. Like `returnedPromise` it
 * makes every call.
 *
 * @param end gives that promise
 */
export const returnedUntil =
  (end: (value: unknown) => PromiseLike<unknown> | undefined): End =>
  (call) =>
    watchReturned(call, (value) => {
      const isOver = end(value);
      if (isOver === undefined) call.succeed(value);
      else void isOver.then((error) => (error ? call.fail(error) : call.succeed(value)));
    });

function watchReturned(call: Call, settle: (value: unknown) => void): unknown {
  const result = call.invoke();
  if (call.context !== undefined) settleByPromise(call, result, settle);
  return result;
}

/** Makes the promise that a call has given end it; anything else ends it at once. */
export function settleByPromise(
  call: Call,
  result: unknown,
  settle = (value: unknown): void => call.succeed(value),
): void {
  const isWatched = watch(
    result,
    (value) => {
      call.resume();
      settle(value);
    },
    (error) => {
      call.resume();
      call.fail(error);
    },
  );
  // A promise that nobody looks at never tells.
  if (isWatched) call.suspend();
  else call.succeed(result);
}

/**
 * The end of the call cannot be seen, for example because an object is frozen: the point stops when the method
 * returns.
 */
export const unobserved: End = (call) => call.invokeUnobserved();

/** Counts the events of an emitter for the result of the call that gives it. */
export interface Tally {
  see(event: unknown, first: unknown): void;
}

/**
 * The method gives an emitter that ends with `end`, after `error` if it failed. This recogniser makes every call, so
 * it stands last.
 */
export const emitterEvents =
  (tally?: () => Tally): End =>
  (call) => {
    const result = call.invoke();
    if (isEmitter(result)) settleByEvents(call, result, call.context && tally?.());
    return result;
  };

/** Makes the events of an emitter end a call. */
export function settleByEvents(call: Call, emitter: EventEmitter, tally?: Tally): void {
  const isBound = bindEmitter(emitter, call.caller, call.guard, (event, first) => {
    if (event === 'error') call.fail(first);
    else if (event === 'end') call.succeed(tally);
    else tally?.see(event, first);
  });
  if (!isBound) call.succeed(undefined);
}

/** Makes a call and binds the emitter that it gives. A callback, which comes after the events, ends the call. */
export function invokeBound(call: Call): unknown {
  const result = call.invoke();
  if (isEmitter(result)) bindEmitter(result, call.caller, call.guard);
  return result;
}

function isEmitter(value: unknown): value is EventEmitter {
  return typeof value === 'object' && value !== null && typeof (value as EventEmitter).emit === 'function';
}
