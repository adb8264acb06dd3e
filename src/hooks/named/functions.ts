// Makes the wrappers of the functions that a configuration names: one for each function, however often it is named.
import { types } from 'node:util';

import { FixedInfo } from '../../trace/info.js';
import { keepMetadata } from '../../trace/metadata.js';
import { pointName } from '../../trace/point.js';
import { watch } from '../../trace/returned.js';
import { isRecorded as isRecordedIn } from '../../trace/context.js';
import type { PointStart } from '../../trace/vocabulary.js';
import type { Call, Callback, End, MethodHook } from '../calls/call.js';
import { ownCallback } from '../calls/ends.js';
import { isIterator, watchIterator } from '../calls/iterators.js';
import { tracerOf } from '../calls/method.js';
import { createGuard, guarded } from '../guard.js';
import type { Take } from './budget.js';
import { type Asked, readerOf } from './said.js';
import { type Called, standInOf } from './stand-in.js';

/** The point that calls of a function become. */
export interface Recorded extends Asked {
  readonly point: string;
  readonly callback: boolean;
}

/** Looks at what a function gives, before its caller gets it. */
type Look = (result: object) => void;

/** A wrapped function. */
interface Wrapped extends Called {
  readonly looks: Look[];
}

/** The wrapped functions, by the original and by the wrapper. */
const known = new WeakMap<Callback, Wrapped>();

const library = 'points by name';
const none: readonly PointStart[] = [];

/** Whether a function is a class, which can only be constructed. */
export const isClass = (value: unknown): boolean =>
  typeof value === 'function' && /^class[\s{]/.test(textOf(value as Callback));

/** The source of a function, also of one that is wrapped. */
export const textOf = (fn: Callback): string =>
  Function.prototype.toString.call(known.get(fn)?.original ?? fn);

/** Whether a function is a wrapper whose calls are points. */
export function isRecording(fn: Callback): boolean {
  const its = known.get(fn);
  return its?.wrapper === fn && its.call !== undefined;
}

/** Whether the calls of a function are points in some other place. */
export const isRecorded = (fn: Callback): boolean => known.get(fn)?.call !== undefined;

/** A function that is recorded: all functions of one id, such as a method of each client, share it. */
export interface Recording extends Recorded {
  /** The function's name in points and messages: `Client.charge`. */
  readonly label: string;
  readonly take: Take;
}

const calls = new WeakMap<Recording, NonNullable<Wrapped['call']>>();

/** The function that stands in the place of another. */
export const wrapperOf = (fn: Callback): Callback => wrappedOf(fn).wrapper;

/** Makes points of the calls of a function, unless they are. */
export function record(fn: Callback, as: Recording): void {
  const its = wrappedOf(fn);
  if (its.call !== undefined) return;
  its.call = calls.get(as);
  if (its.call === undefined) calls.set(as, (its.call = tracerOf(hookOf(as, its.looks))));
}

/** The function in whose place another is looked at: each object that it gives, or the promise of one. */
export function lookingAt(fn: Callback, look: Look): Callback {
  const its = wrappedOf(fn);
  its.looks.push(look);
  return its.wrapper;
}

function wrappedOf(fn: Callback): Wrapped {
  let its = known.get(fn);
  if (its === undefined) {
    its = wrap(fn);
    known.set(fn, its);
    known.set(its.wrapper, its);
  }
  return its;
}

function wrap(original: Callback): Wrapped {
  const looks: Look[] = [];
  const its: Wrapped = {
    original,
    wrapper: original,
    call: undefined,
    looks,
    look: (result) => lookAt(result, looks),
  };
  its.wrapper = standInOf(its, isClass(original));
  keepMetadata(original, its.wrapper);
  return its;
}

function hookOf(as: Recording, looks: readonly Look[]): MethodHook {
  const { label, take } = as;
  const point = pointName(as.point);
  const { argsOf, resultOf } = readerOf(as);
  const fixed: readonly PointStart[] = [{ point, info: new FixedInfo({ function: { name: label } }) }];
  return {
    what: label,
    library,
    start(_self, args, caller) {
      // Where nothing is recorded, it is only asked whether there would be a point.
      if (isRecordedIn(caller) && !take(caller.trace)) return none;
      if (argsOf === undefined) return fixed;
      // `kwargs` is what OSProfiler's readers look for; JavaScript has none.
      return [{ point, info: { function: { name: label, args: argsOf(args), kwargs: '{}' } } }];
    },
    ...(resultOf !== undefined && { stop: (result) => ({ function: { result: resultOf(result) } }) }),
    ends: [...(as.callback ? [ownCallback] : []), returnedBy(looks)],
  };
}

/** The end of a call that gives anything: a value, a promise, a thenable, an iterator. It makes every call. */
const returnedBy =
  (looks: readonly Look[]): End =>
  (call) => {
    const result = call.invoke();
    if (call.context === undefined) {
      lookAt(result, looks);
      return result;
    }
    if (isIterator(result) && watchIterator(call, result)) return result;
    // A promise that cannot be watched, such as a frozen one, may still fail: the point stays unfinished.
    if (watchPromised(call, result, looks) || types.isPromise(result)) call.suspend();
    else {
      lookAt(result, looks);
      call.succeed(result);
    }
    return result;
  };

function watchPromised(call: Call, result: unknown, looks: readonly Look[]): boolean {
  return watch(
    result,
    (value) => {
      lookAtObject(value, looks);
      call.resume();
      call.succeed(value);
    },
    (error) => {
      call.resume();
      call.fail(error);
    },
  );
}

/** Looks at an object, or at that of a promise before its owner gets it. */
function lookAt(result: unknown, looks: readonly Look[]): void {
  if (looks.length === 0 || typeof result !== 'object' || result === null) return;
  const ignore = (): void => {};
  if (!watch(result, (value) => lookAtObject(value, looks), ignore)) lookAtObject(result, looks);
}

const guard = createGuard(library);

function lookAtObject(result: unknown, looks: readonly Look[]): void {
  if (typeof result !== 'object' || result === null) return;
  for (const look of looks) guarded(guard, () => look(result));
}
