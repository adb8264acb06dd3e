/**
 * What an application hands to somebody, with other values for some properties; its own object stays as it
 * is. A view, not a copy: a getter may lean on private fields of its object, what is inherited stays
 * inherited, and nothing is read that the receiver does not read.
 *
 * @param values may have getters too: they run when the receiver reads them
 */
export function copyWith<Of extends object>(original: Of, values: object): Of {
  // Around the values: a Proxy may not deny what its target says, and the original may be frozen.
  const own = Object.create(null, Object.getOwnPropertyDescriptors(values)) as Record<PropertyKey, unknown>;
  const given = original as Record<PropertyKey, unknown>;
  return new Proxy(own, {
    get: (_own, key) => (Object.hasOwn(own, key) ? own[key] : given[key]),
    has: (_own, key) => Object.hasOwn(own, key) || Reflect.has(original, key),
    set: (_own, key, value) =>
      Reflect.defineProperty(own, key, { value, writable: true, enumerable: true, configurable: true }),
    ownKeys: () => [...new Set([...Reflect.ownKeys(original), ...Reflect.ownKeys(own)])],
    getOwnPropertyDescriptor(_own, key) {
      const property = Reflect.getOwnPropertyDescriptor(own, key);
      if (property !== undefined) return property;
      const its = Reflect.getOwnPropertyDescriptor(original, key);
      return its && { ...its, ...(its.get && { get: () => given[key] }), configurable: true };
    },
    getPrototypeOf: () => Reflect.getPrototypeOf(original),
  }) as Of;
}
