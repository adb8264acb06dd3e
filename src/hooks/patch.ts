// Puts a function of ours in the place of another one, so that the two look alike.
type Callable = (this: unknown, ...args: unknown[]) => unknown;

const wrapped = Symbol('ostrace.wrapped');

/**
 * Puts a wrapper in a function's place, once: a second call for the same place does nothing. The wrapper
 * keeps the original's name, length and own properties, and so `util.promisify` finds what it looks for.
 *
 * It has no marks of its own by which wrappers are commonly told (shimmer's `__original` and `__unwrap`):
 * OpenTelemetry's instrumentations take off what has them before they put their own wrapper there.
 */
export function patch<Owner extends object>(
  owner: Owner,
  name: keyof Owner & string,
  wrapper: (original: Callable) => Callable,
): void {
  const original = owner[name];
  if (typeof original !== 'function' || Object.hasOwn(original, wrapped)) return;
  put(owner, name, wrapper, original as unknown as Callable);
}

/** The prototype on which an object finds a method. */
export function ownerOf<Of extends object>(object: Of, method: string): Of {
  return Object.hasOwn(object, method) ? object : ownerOf(Object.getPrototypeOf(object) as Of, method);
}

/** What shimmer, and OpenTelemetry's copy of it, leaves on its wrappers. */
interface Marked extends Callable {
  readonly __original: Callable;
  readonly __unwrap: unknown;
}

function put(
  owner: object,
  name: string,
  wrapper: (original: Callable) => Callable,
  original: Callable | Marked,
): void {
  const value = disguise(wrapper(original), original);
  if ('__unwrap' in original) {
    // Whoever takes their wrapper off, to put it on again, has to get it out from under ours.
    const unwrap = (): void => {
      if ((owner as Record<string, unknown>)[name] === value) put(owner, name, wrapper, original.__original);
    };
    Object.defineProperty(value, '__unwrap', { value: unwrap, configurable: true, writable: true });
  }
  const enumerable = Object.prototype.propertyIsEnumerable.call(owner, name);
  Object.defineProperty(owner, name, { value, configurable: true, enumerable, writable: true });
}

/** Makes a function look like another one. */
function disguise<Fn extends Callable>(fn: Fn, original: object): Fn {
  for (const key of Reflect.ownKeys(original)) {
    const property = Object.getOwnPropertyDescriptor(original, key)!;
    // `prototype` of a plain function can be set but not defined anew.
    if (key === 'prototype') continue;
    Object.defineProperty(fn, key, property);
  }
  Object.defineProperty(fn, wrapped, { value: true });
  return fn;
}

/**
 * Gives a class the looks of another one. A subclass would have a longer chain; a Proxy or a function in the
 * class's place shows in stacks or where it is printed.
 */
export function asTwin<Class extends Function>(twin: Function, original: Class): Class {
  copyLooks(twin, original);
  copyLooks(twin.prototype as object, original.prototype as object);
  return twin as Class;
}

function copyLooks(to: object, from: object): void {
  Object.setPrototypeOf(to, Object.getPrototypeOf(from) as object);
  const { prototype: _its, constructor: _too, ...rest } = Object.getOwnPropertyDescriptors(from);
  Object.defineProperties(to, rest);
}

/**
 * A function that looks like another one and does what the body does. A method of a class has no `prototype`
 * and can't be constructed, a plain function can.
 */
export function lookalike(original: object, body: (self: unknown, args: unknown[]) => unknown): Callable {
  const fn: Callable = Object.hasOwn(original, 'prototype')
    ? function (...args) {
        return body(this, args);
      }
    : {
        method(this: unknown, ...args: unknown[]) {
          return body(this, args);
        },
      }.method;
  return disguise(fn, original);
}
