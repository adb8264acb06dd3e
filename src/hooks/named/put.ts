// Puts wrappers in the places of functions, by shimmer.
interface Shimmer {
  wrap(owner: object, name: string, wrapper: (original: unknown) => unknown): void;
}
const shimmer = require('shimmer') as Shimmer;

type Owner = Record<string, unknown>;

/** Puts a wrapper in the place of a function; false if the place is read-only. */
export function putIn(owner: object, name: string, wrapper: unknown): boolean {
  const own = Object.getOwnPropertyDescriptor(owner, name);
  if (own === undefined ? !Object.isExtensible(owner) : !own.configurable) {
    return own?.writable === true && Reflect.set(owner, name, wrapper);
  }
  // shimmer marks what it puts somewhere, which a function cannot be that is frozen.
  if (!Object.isExtensible(wrapper)) {
    const enumerable = own?.enumerable ?? false;
    return Reflect.defineProperty(owner, name, {
      value: wrapper,
      configurable: true,
      enumerable,
      writable: true,
    });
  }
  // shimmer needs an object that inherits from `Object`, which the exports of a module do not.
  const isWhole = typeof (owner as { propertyIsEnumerable?: unknown }).propertyIsEnumerable === 'function';
  const box: Owner = isWhole ? (owner as Owner) : { [name]: (owner as Owner)[name] };
  shimmer.wrap(box, name, () => wrapper);
  return isWhole || Reflect.set(owner, name, wrapper);
}
