// Watches what a traced function returned until it settles, unless it is a plain promise.
/* oxlint-disable unicorn/no-thenable -- what it warns of is there already: it gets a `then` in its `then`'s place */
import { passingOn } from './plain-promise.js';
import { createStamp } from './stamp.js';

/**
 * Watches a thenable that is returned as it is: a query that runs when its `then` is called, or a promise with more
 * properties. None of its methods is called before its owner calls them.
 *
 * @returns false if there is nothing to watch, or if it cannot be watched
 */
export function watch(
  value: unknown,
  succeed: (value: unknown) => void,
  fail: (error: unknown) => void,
): boolean {
  try {
    if (typeof value !== 'object' || value === null) return false;
    if (Object.getPrototypeOf(value) === Promise.prototype) return watchPromise(value, { succeed, fail });
    return watchThenable(value, succeed, fail);
  } catch {
    return false; // a getter or a Proxy of the application threw
  }
}

interface Watcher {
  readonly succeed: (value: unknown) => void;
  readonly fail: (error: unknown) => void;
}

/** A promise that nobody handles may be given again and again. */
const mostWatchers = 1000;

/** The promises that wait for somebody to handle them. */
const waiting = createStamp<{ readonly get: () => unknown; readonly watchers: Watcher[] }>();

/**
 * `await` does not ask a promise for its `then`. But everything that handles a promise asks for its `constructor`
 * first, and nothing else does. Somebody else then handles its rejection, so a handler of ours hides none.
 *
 * Several calls may give one promise, so it may have several watchers.
 */
function watchPromise(promise: object, watcher: Watcher): boolean {
  const own = Object.getOwnPropertyDescriptor(promise, 'constructor');
  if (own !== undefined) {
    const its = waiting.of(promise);
    if (its === undefined || own.get !== its.get || its.watchers.length >= mostWatchers) return false;
    its.watchers.push(watcher);
    return true;
  }
  const watchers = [watcher];
  let isAsked = false;
  const get = (): unknown => {
    if (!isAsked) {
      isAsked = true;
      Reflect.deleteProperty(promise, 'constructor');
      for (const { succeed, fail } of watchers.splice(0))
        void Promise.prototype.then.call(promise, succeed, fail);
    }
    // A promise that was frozen in the meantime keeps the property.
    return (Object.getPrototypeOf(promise) as object).constructor;
  };
  const isWatched = Reflect.defineProperty(promise, 'constructor', {
    configurable: true,
    get,
    set(constructor: unknown) {
      Object.defineProperty(promise, 'constructor', {
        value: constructor,
        configurable: true,
        enumerable: true,
        writable: true,
      });
    },
  });
  if (isWatched) waiting.put(promise, { get, watchers });
  return isWatched;
}

function watchThenable(
  thenable: { then?: unknown },
  succeed: (value: unknown) => void,
  fail: (error: unknown) => void,
): boolean {
  const { then: original } = thenable;
  if (typeof original !== 'function') return false;
  const own = Object.getOwnPropertyDescriptor(thenable, 'then');
  const [passValue, passError] = passingOn(succeed, fail);
  function then(this: unknown, ...handlers: unknown[]): unknown {
    if (own === undefined) Reflect.deleteProperty(thenable, 'then');
    else Reflect.defineProperty(thenable, 'then', own);
    const [onValue, onError, ...more] = handlers;
    return Reflect.apply(original as () => unknown, this, [
      before(succeed, onValue) ?? passValue,
      before(fail, onError) ?? passError,
      ...more,
    ]);
  }
  return Reflect.defineProperty(thenable, 'then', {
    value: then,
    configurable: true,
    enumerable: own?.enumerable ?? false,
    writable: true,
  });
}

/** A handler of the owner, wrapped so that we are told first; undefined if there is none. */
function before(told: (value: unknown) => void, handler: unknown): ((value: unknown) => unknown) | undefined {
  if (typeof handler !== 'function') return undefined;
  return function (this: unknown, value) {
    told(value);
    return Reflect.apply(handler, this, arguments) as unknown;
  };
}
