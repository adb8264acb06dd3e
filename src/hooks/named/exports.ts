// The exports of a module, as places whose values can be replaced.
import { createGuard, guarded } from '../guard.js';
import type { Namespace } from '../loading/es-modules.js';
import { type Exports, put } from './places.js';

type Values = Record<string, unknown>;

const isObject = (value: unknown): value is Values =>
  (typeof value === 'object' && value !== null) || typeof value === 'function';

/** The exports of a CommonJS module, which may be a function or have getters that cannot be replaced. */
export interface RequiredExports extends Exports {
  /** What the module exports now: another object, if its own cannot have other values. */
  current(): unknown;
}

/** Copies of exports. Node keeps the exports of a module in a second place, for `import`. */
const copies = new WeakMap<object, Values>();

export function requiredExports(name: string, exports: unknown): RequiredExports {
  let current = isObject(exports) ? (copies.get(exports) ?? exports) : exports;
  /** Whether `default` is the exports themselves, as for those who import the module. */
  const isWhole = (key: string): boolean =>
    key === 'default' && !(isObject(exports) && Object.hasOwn(exports, 'default'));
  const valueOf = (key: string): unknown => {
    if (isWhole(key)) return current;
    return isObject(current) && Object.hasOwn(current, key) ? current[key] : undefined;
  };
  const copy = (): void => {
    if (current === exports && isObject(exports)) copies.set(exports, (current = copyOf(exports)));
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
      if (put(current, key, value)) return true;
      if (typeof current === 'function' || isNamespace(current)) return false;
      copy();
      Object.defineProperty(current, key, { value, configurable: true, enumerable: true, writable: true });
      return true;
    },
    defer(key, replace) {
      if (!isObject(current) || typeof current === 'function' || isWhole(key)) return false;
      const property = Object.getOwnPropertyDescriptor(current, key);
      const getter = property?.get;
      if (getter === undefined) return false;
      // Bundlers and compilers export by getters that cannot be replaced.
      if (property?.configurable !== true) copy();
      const replaced = new Map<unknown, unknown>();
      const get = function (this: unknown): unknown {
        const value: unknown = Reflect.apply(getter, this, []);
        if (!replaced.has(value)) replaced.set(value, guarded(guard, () => replace(value)) ?? value);
        return replaced.get(value);
      };
      Object.defineProperty(current, key, { ...property, get, configurable: true });
      return true;
    },
    current: () => current,
  };
}

const guard = createGuard('points by name');

/** An ES module that was required: its exports are what `import` gives, which is another object for each. */
const isNamespace = (exports: object): boolean =>
  Object.getOwnPropertyDescriptor(exports, Symbol.toStringTag)?.value === 'Module';

function copyOf(exports: Values): Values {
  const copy = Object.create(Object.getPrototypeOf(exports) as object | null) as Values;
  for (const [key, property] of Object.entries(Object.getOwnPropertyDescriptors(exports))) {
    const { value: _value, writable: _writable, ...rest } = property;
    // What the module sets later is seen here as well.
    const shared = { ...rest, get: () => exports[key], set: (value: unknown) => void (exports[key] = value) };
    Object.defineProperty(copy, key, { ...shared, configurable: true });
  }
  return copy;
}

/** The exports of a module that was imported. */
export const importedExports = (name: string, namespace: Namespace): Exports => ({
  name,
  get: (key) => (Object.hasOwn(namespace, key) ? namespace[key] : undefined),
  names: () => Object.keys(namespace),
  set: (key, value) => put(namespace, key, value),
});

/** Shows those who import a CommonJS module what it exports now. */
export function showImporters(namespace: Namespace, current: unknown): void {
  if (namespace['default'] !== current) namespace['default'] = current;
  if (!isObject(current)) return;
  for (const key of Object.keys(namespace)) {
    if (key === 'default' || key === 'module.exports' || !Object.hasOwn(current, key)) continue;
    const value = current[key];
    if (namespace[key] !== value) namespace[key] = value;
  }
}
