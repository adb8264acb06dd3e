/**
 * What an application hands to somebody, with other values for some properties; its own object stays as it
 * is. A view, not a copy: a getter may lean on private fields of its object, what is inherited stays
 * inherited, and nothing is read that the receiver does not read.
 */
export function copyWith<Of extends object>(original: Of, values: object): Of {
  // Around the values: a Proxy may not deny what its target says, and the original may be frozen.
  const own = Object.assign(Object.create(null) as Record<PropertyKey, unknown>, values);
  return new Proxy(own, {
    get: (_own, key) => (Object.hasOwn(own, key) ? own[key] : (Reflect.get(original, key) as unknown)),
    has: (_own, key) => Object.hasOwn(own, key) || Reflect.has(original, key),
    set(_own, key, value) {
      own[key] = value;
      return true;
    },
    ownKeys: () => [...new Set([...Reflect.ownKeys(original), ...Reflect.ownKeys(own)])],
    getOwnPropertyDescriptor(_own, key) {
      const property = Reflect.getOwnPropertyDescriptor(own, key);
      if (property !== undefined) return property;
      const given = Reflect.getOwnPropertyDescriptor(original, key);
      const get = given?.get && (() => Reflect.get(original, key) as unknown);
      return given && { ...given, ...(get && { get }), configurable: true };
    },
    getPrototypeOf: () => Reflect.getPrototypeOf(original),
  }) as Of;
}
