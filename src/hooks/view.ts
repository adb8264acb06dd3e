/**
 * What an application hands to somebody, with other values for some properties; its own object stays as it
 * is. A view, not a copy: a getter may lean on private fields of its object, what is inherited stays
 * inherited, and nothing is read that the receiver does not read.
 *
 * What the receiver does to it is done to the view alone, which has all properties of its own from the first
 * change on that a view can't show: a property is deleted, the object frozen.
 *
 * @param values may have getters too: they run when the receiver reads them
 */
export function viewWith<Of extends object>(original: Of, values: object): Of {
  // Around the values: a Proxy may not deny what its target says, and the original may be frozen.
  const own = Object.create(null, Object.getOwnPropertyDescriptors(values)) as Record<PropertyKey, unknown>;
  const given = original as Record<PropertyKey, unknown>;
  let isDetached = false;
  const shown = (key: PropertyKey): PropertyDescriptor | undefined => {
    const its = Reflect.getOwnPropertyDescriptor(original, key);
    return its && { ...its, ...(its.get && { get: () => given[key] }), configurable: true };
  };
  const detach = (): void => {
    if (isDetached) return;
    for (const key of Reflect.ownKeys(original)) {
      const property = Object.hasOwn(own, key) ? undefined : shown(key);
      if (property !== undefined) Object.defineProperty(own, key, property);
    }
    Object.setPrototypeOf(own, Reflect.getPrototypeOf(original));
    isDetached = true;
  };
  return new Proxy(own, {
    get(_own, key) {
      if (Object.hasOwn(own, key)) return own[key];
      return isDetached ? Reflect.get(own, key, given) : given[key];
    },
    has: (_own, key) => Reflect.has(own, key) || (!isDetached && Reflect.has(original, key)),
    set: (_own, key, value) =>
      Reflect.defineProperty(own, key, { value, writable: true, enumerable: true, configurable: true }),
    defineProperty(_own, key, property) {
      detach();
      return Reflect.defineProperty(own, key, property);
    },
    deleteProperty(_own, key) {
      detach();
      return Reflect.deleteProperty(own, key);
    },
    ownKeys: () => [...new Set([...(isDetached ? [] : Reflect.ownKeys(original)), ...Reflect.ownKeys(own)])],
    getOwnPropertyDescriptor: (_own, key) =>
      Reflect.getOwnPropertyDescriptor(own, key) ?? (isDetached ? undefined : shown(key)),
    getPrototypeOf: () => Reflect.getPrototypeOf(isDetached ? own : original),
    setPrototypeOf(_own, prototype) {
      detach();
      return Reflect.setPrototypeOf(own, prototype);
    },
    preventExtensions() {
      detach();
      return Reflect.preventExtensions(own);
    },
  }) as Of;
}
