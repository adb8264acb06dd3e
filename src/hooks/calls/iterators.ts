// How a call tells its end that gives an iterator: when the iterator has nothing more to give, fails or is closed.
import { type Context, place, runIn } from '../../trace/context.js';
import { watch } from '../../trace/returned.js';
import { guarded } from '../guard.js';
import type { Call, Callback, End } from './call.js';
import { settleByPromise } from './ends.js';

interface Step {
  readonly done?: unknown;
}

const above = (object: object): object => Object.getPrototypeOf(object) as object;

/** The prototypes of generators and of the language's own iterators, of both kinds. */
const families: readonly object[] = [
  above(above([][Symbol.iterator]())),
  above(above(above((async function* () {})()))),
];

/**
 * An iterator that is used by `next` alone. An object of a class that can also be iterated, such as a stream or a
 * cursor, may be used in other ways.
 */
export function isIterator(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  try {
    if (typeof (value as { next?: unknown }).next !== 'function') return false;
    if (families.some((each) => Object.prototype.isPrototypeOf.call(each, value))) return true;
    const isPlain = above(value) === Object.prototype;
    return isPlain && (Symbol.asyncIterator in value || Symbol.iterator in value);
  } catch {
    return false; // a getter or a Proxy of the application threw
  }
}

/** The result of a call whose iterator was closed by its consumer before it had given everything. */
export const closed: unique symbol = Symbol('closed');

/** The method gives a stream, or a promise. This recogniser makes every call, so it stands last. */
export const returnedStream: End = (call) => {
  const result = call.invoke();
  if (call.context !== undefined && !watchStream(call, result)) settleByPromise(call, result);
  return result;
};

/**
 * Watches a stream that a call has given, which is an iterator or has one.
 *
 * @returns false if it is none, or if it cannot be watched
 */
export function watchStream(call: Call, value: unknown): boolean {
  if (isIterator(value)) return watchIterator(call, value, closed);
  return typeof value === 'object' && value !== null && watchIterable(call, value);
}

/** Watches the first iterator that an object gives, which a library asks for once. */
export function watchIterable(call: Call, iterable: { [Symbol.asyncIterator]?: unknown }): boolean {
  const original = iterable[Symbol.asyncIterator];
  const own = Object.getOwnPropertyDescriptor(iterable, Symbol.asyncIterator);
  if (typeof original !== 'function' || own?.configurable === false) return false;
  const { value } = {
    value(this: unknown, ...args: unknown[]): unknown {
      if (own === undefined) Reflect.deleteProperty(iterable, Symbol.asyncIterator);
      else Reflect.defineProperty(iterable, Symbol.asyncIterator, own);
      const iterator = Reflect.apply(original, this, args) as Record<string, unknown>;
      call.resume();
      if (guarded(call.guard, () => watchIterator(call, iterator, closed)) !== true) call.succeed(undefined);
      return iterator;
    },
  };
  const enumerable = own?.enumerable === true;
  const its = { value, configurable: true, enumerable, writable: true };
  if (!Reflect.defineProperty(iterable, Symbol.asyncIterator, its)) return false;
  // It may be left lying about.
  call.suspend();
  return true;
}

/**
 * Watches an iterator that a call has given. It gets methods of its own in the place of those that it inherits, which
 * nothing lists. The code behind them runs in the call's context, if who asks for a step is in the same trace. One
 * iterator may serve several requests, and what it does for another one is no work of this trace.
 *
 * @param whenClosed the result of the call if the iterator is closed before it has given everything
 * @returns false if it cannot be watched
 */
export function watchIterator(
  call: Call,
  iterator: Record<string, unknown>,
  whenClosed?: typeof closed,
): boolean {
  const context = call.within;
  if (call.context === undefined || context === undefined || !Object.isExtensible(iterator)) return false;
  const methods = (['next', 'return', 'throw'] as const).filter(
    (name) => typeof iterator[name] === 'function',
  );
  if (!methods.every((name) => isReplaceable(iterator, name))) return false;
  for (const name of methods) {
    const enumerable = Object.prototype.propertyIsEnumerable.call(iterator, name);
    const value = watched(call, context, iterator[name] as Callback, name, whenClosed);
    Object.defineProperty(iterator, name, { value, configurable: true, enumerable, writable: true });
  }
  // It may be left lying about.
  call.suspend();
  return true;
}

const isReplaceable = (owner: object, name: string): boolean =>
  Object.getOwnPropertyDescriptor(owner, name)?.configurable !== false;

function watched(
  call: Call,
  context: Context,
  method: Callback,
  name: string,
  whenClosed: typeof closed | undefined,
): Callback {
  const see = (step: unknown): void => {
    if (call.isOver || (name !== 'return' && (step as Step | null | undefined)?.done !== true)) return;
    call.resume();
    call.succeed(name === 'return' ? whenClosed : undefined);
  };
  const fail = (error: unknown): void => {
    if (call.isOver) return;
    call.resume();
    call.fail(error);
  };
  return {
    [name](this: unknown, ...args: unknown[]): unknown {
      let step: unknown;
      try {
        const isOwn = place()?.trace === context.trace;
        step = isOwn ? runIn(context, method, this, args) : Reflect.apply(method, this, args);
      } catch (error) {
        fail(error);
        throw error;
      }
      // The promise of a step is its consumer's, who gets that very one.
      if (step instanceof Promise) watch(step, see, fail);
      else see(step);
      return step;
    },
  }[name]!;
}
