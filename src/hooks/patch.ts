// Replaces a function by one of ours that looks the same.
type Callable = (this: unknown, ...args: unknown[]) => unknown;

const wrapped = Symbol('ostrace.wrapped');

/**
 * Replaces a function by a wrapper, once: a second call for the same place does nothing. The wrapper keeps the
 * original's name, length and own properties, so `util.promisify` finds what it looks for.
 *
 * The wrapper does not carry shimmer's marks, `__original` and `__unwrap`, by which wrappers are commonly recognised:
 * OpenTelemetry's instrumentations remove a marked wrapper before they add their own.
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

/**
 * Replaces a function by a wrapper that other wrappers of ours may go over: the function does not count as replaced.
 * The caller sees to it that it does so once.
 */
export function underlay<Owner extends object>(
  owner: Owner,
  name: keyof Owner & string,
  wrapper: (original: Callable) => Callable,
): void {
  const original = owner[name];
  if (typeof original === 'function') put(owner, name, wrapper, original as unknown as Callable, copyOwn);
}

/** The prototype on which an object finds a method. */
export function ownerOf<Of extends object>(object: Of, method: string): Of {
  return Object.hasOwn(object, method) ? object : ownerOf(Object.getPrototypeOf(object) as Of, method);
}

/** The marks that shimmer, and OpenTelemetry's copy of it, leave on their wrappers. */
interface Marked extends Callable {
  readonly __original: Callable;
  readonly __unwrap: unknown;
}

function put(
  owner: object,
  name: string,
  wrapper: (original: Callable) => Callable,
  original: Callable | Marked,
  dress: typeof disguise = disguise,
): void {
  const value = dress(wrapper(original), original);
  if ('__unwrap' in original) {
    // An agent that removes its wrapper, to add it again, has to remove it from below ours.
    const unwrap = (): void => {
      if ((owner as Record<string, unknown>)[name] === value) {
        put(owner, name, wrapper, original.__original, dress);
      }
    };
    Object.defineProperty(value, '__unwrap', { value: unwrap, configurable: true, writable: true });
  }
  const enumerable = Object.prototype.propertyIsEnumerable.call(owner, name);
  Object.defineProperty(owner, name, { value, configurable: true, enumerable, writable: true });
}

/** Makes a function look like another one. */
function disguise<Fn extends Callable>(fn: Fn, original: object): Fn {
  copyOwn(fn, original);
  Object.defineProperty(fn, wrapped, { value: true });
  return fn;
}

/** Gives a function the properties of another one. */
function copyOwn<Fn extends Callable>(fn: Fn, original: object): Fn {
  for (const key of Reflect.ownKeys(original)) {
    const property = Object.getOwnPropertyDescriptor(original, key)!;
    // `prototype` of a plain function can be set but not defined again.
    if (key === 'prototype') continue;
    Object.defineProperty(fn, key, property);
  }
  return fn;
}

/**
 * Gives a class the looks of another class. A subclass would have a longer prototype chain, and a Proxy or a function
 * in the class's place would show in stacks or in print.
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
 * Makes a function that looks like another one and runs the body. A method of a class has no `prototype` and cannot
 * be constructed; a plain function can.
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
