// The exports of a module, as places whose values can be replaced.
import { createGuard, guarded } from '../guard.js';
import type { Namespace } from '../loading/es-modules.js';
import type { Exports } from './places.js';
import { putIn } from './put.js';

type Values = Record<string, unknown>;

const isObject = (value: unknown): value is Values =>
  (typeof value === 'object' && value !== null) || typeof value === 'function';

/** The exports of a CommonJS module, which may be a function or have getters that cannot be replaced. */
export interface RequiredExports extends Exports {
  /** The present exports of the module: another object, if its own cannot have other values. */
  current(): unknown;
  /** What those get who import the module, where they had a value: no getter is called for that. */
  shown(name: string, value: unknown): unknown;
  /** All is in its place. What was frozen, is frozen again. */
  close(): void;
}

/** Copies of exports. Node keeps the exports of a module in a second place, for `import`. */
const copies = new WeakMap<object, Values>();
const originals = new WeakMap<object, Values>();

export function requiredExports(name: string, given: unknown): RequiredExports {
  const exports = isObject(given) ? (originals.get(given) ?? given) : given;
  let current = isObject(exports) ? (copies.get(exports) ?? exports) : exports;
  const deferred = new Map<string, (value: unknown) => unknown>();
  /** Whether `default` is the exports themselves, as for those who import the module. */
  const isWhole = (key: string): boolean =>
    key === 'default' && !(isObject(exports) && Object.hasOwn(exports, 'default'));
  const getterOf = (key: string): PropertyDescriptor | undefined => {
    const own =
      isObject(exports) && !isWhole(key) ? Object.getOwnPropertyDescriptor(exports, key) : undefined;
    return own === undefined || 'value' in own ? undefined : own;
  };
  const valueOf = (key: string): unknown => {
    if (isWhole(key)) return current;
    return isObject(current) && Object.hasOwn(current, key) && getterOf(key) === undefined
      ? current[key]
      : undefined;
  };
  const copy = (): void => {
    if (current !== exports || !isObject(exports)) return;
    copies.set(exports, (current = copyOf(exports)));
    originals.set(current as Values, exports);
  };
  return {
    name,
    get: valueOf,
    names: () => [
      ...(typeof exports === 'function' && isWhole('default') ? ['default'] : []),
      ...(isObject(exports) ? Object.keys(exports) : []),
    ],
    set(key, value) {
      if (isWhole(key)) {
        current = value;
        return true;
      }
      if (!isObject(current)) return false;
      if (putIn(current, key, value)) return true;
      if (typeof current === 'function' || isNamespace(current)) return false;
      copy();
      Object.defineProperty(current, key, { value, configurable: true, enumerable: true, writable: true });
      return true;
    },
    kindOf(key) {
      const its = getterOf(key);
      if (its === undefined) return 'value';
      return isCompiled(exports as Values) && its.enumerable === true && its.set === undefined
        ? 'made'
        : 'getter';
    },
    defer(key, replace) {
      if (!isObject(current)) return false;
      const property = Object.getOwnPropertyDescriptor(current, key);
      const getter = property?.get;
      if (getter === undefined) return false;
      // Bundlers and compilers export by getters that cannot be replaced.
      if (property?.configurable !== true && typeof current !== 'function') copy();
      const whole = (value: unknown): unknown => guarded(guard, () => replace(value)) ?? value;
      deferred.set(key, whole);
      let last: readonly [unknown, unknown] | undefined;
      const get = function (this: unknown): unknown {
        const value: unknown = Reflect.apply(getter, this, []);
        if (last === undefined || last[0] !== value) last = [value, whole(value)];
        return last[1];
      };
      return Reflect.defineProperty(current, key, { ...property, get, configurable: true });
    },
    current: () => current,
    shown(key, value) {
      if (!isObject(current) || !Object.hasOwn(current, key)) return value;
      return getterOf(key) === undefined ? current[key] : (deferred.get(key)?.(value) ?? value);
    },
    close() {
      if (!isObject(exports) || !isObject(current) || current === exports || typeof current === 'function')
        return;
      if (!Object.isExtensible(exports)) closeAs(exports, current);
    },
  };
}

const guard = createGuard('points by name');

/** An ES module that was required: its exports are what `import` gives, which is another object for each. */
const isNamespace = (exports: object): boolean =>
  Object.getOwnPropertyDescriptor(exports, Symbol.toStringTag)?.value === 'Module';

/** Whether a compiler or a bundler made a CommonJS module of an ES module. */
const isCompiled = (exports: Values): boolean =>
  Object.getOwnPropertyDescriptor(exports, '__esModule')?.value === true;

function copyOf(exports: Values): Values {
  const copy = Object.create(Object.getPrototypeOf(exports) as object | null) as Values;
  for (const key of Reflect.ownKeys(exports) as string[]) {
    const { value, writable, ...rest } = Object.getOwnPropertyDescriptor(exports, key)!;
    const isFixed = writable === false && rest.configurable !== true;
    // Values that the module sets later are seen here as well.
    const shared = { get: () => exports[key], set: (given: unknown) => void (exports[key] = given) };
    const its = isFixed ? { value, writable: true } : shared;
    Object.defineProperty(copy, key, { ...rest, ...its, configurable: true });
  }
  return copy;
}

/** Freezes a copy, or seals it, or closes it, as the original is. */
function closeAs(exports: Values, copy: Values): void {
  for (const key of Reflect.ownKeys(exports)) {
    const { configurable, writable } = Object.getOwnPropertyDescriptor(exports, key)!;
    const its = Object.getOwnPropertyDescriptor(copy, key);
    if (its === undefined) continue;
    const isFixed = writable === false && 'value' in its;
    Reflect.defineProperty(copy, key, { configurable: configurable === true, ...(isFixed && { writable }) });
  }
  Object.preventExtensions(copy);
}

/** The exports of a module that was imported. */
export const importedExports = (name: string, namespace: Namespace): Exports => ({
  name,
  get: (key) => (Object.hasOwn(namespace, key) ? namespace[key] : undefined),
  names: () => Object.keys(namespace),
  set: (key, value) => putIn(namespace, key, value),
});

/** Shows those who import a CommonJS module what it exports now. */
export function showImporters(namespace: Namespace, exports: RequiredExports): void {
  const show = (key: string, value: unknown): void => {
    if (namespace[key] !== value) namespace[key] = value;
  };
  show('default', exports.current());
  for (const key of Object.keys(namespace)) {
    if (key !== 'default' && key !== 'module.exports') show(key, exports.shown(key, namespace[key]));
  }
}
