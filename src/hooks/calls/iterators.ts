// How a call tells its end that gives an iterator: when the iterator has nothing more to give, fails or is closed.
import { type Context, place, runIn } from '../../trace/context.js';
import { watch } from '../../trace/returned.js';
import type { Call, Callback } from './call.js';

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

/**
 * Watches an iterator that a call has given. It gets methods of its own in the place of those that it inherits, which
 * nothing lists. The code behind them runs in the call's context, if who asks for a step is in the same trace. One
 * iterator may serve several requests, and what it does for another one is no work of this trace.
 *
 * @returns false if it cannot be watched
 */
export function watchIterator(call: Call, iterator: Record<string, unknown>): boolean {
  const context = call.within;
  if (call.context === undefined || context === undefined || !Object.isExtensible(iterator)) return false;
  const methods = (['next', 'return', 'throw'] as const).filter(
    (name) => typeof iterator[name] === 'function',
  );
  if (!methods.every((name) => isReplaceable(iterator, name))) return false;
  for (const name of methods) {
    const enumerable = Object.prototype.propertyIsEnumerable.call(iterator, name);
    const value = watched(call, context, iterator[name] as Callback, name);
    Object.defineProperty(iterator, name, { value, configurable: true, enumerable, writable: true });
  }
  // It may be left lying about.
  call.suspend();
  return true;
}

const isReplaceable = (owner: object, name: string): boolean =>
  Object.getOwnPropertyDescriptor(owner, name)?.configurable !== false;

function watched(call: Call, context: Context, method: Callback, name: string): Callback {
  const see = (step: unknown): void => {
    if (call.isOver || (name !== 'return' && (step as Step | null | undefined)?.done !== true)) return;
    call.resume();
    call.succeed(undefined);
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
