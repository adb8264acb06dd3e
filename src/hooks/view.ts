// Shows an object of the application with other values for some properties.

/**
 * Makes a view of an object, for a receiver that is to see other values for some properties. The application's own
 * object stays as it is. A view is not a copy: a getter may use private fields of its object, inherited properties
 * stay inherited, and only what the receiver reads is read.
 *
 * Changes by the receiver affect the view only. Some changes cannot be shown by a view: a property is deleted, or the
 * object is frozen. From the first of these on, the view has all properties as its own.
 *
 * @param values may contain getters, which run when the receiver reads them
 */
export function viewWith<Of extends object>(original: Of, values: object): Of {
  // The Proxy's target holds the values, and is not the original: a Proxy may not deny what its target has, and the
  // original may be frozen.
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

/**
 * Shows an object of the application with other values for some properties, for a receiver that may read and write it.
 * Only those properties stay away from the object itself; whatever else the receiver writes reaches it.
 */
export function overlay<Of extends object>(original: Of, values: object): Of {
  const holder = (target: Of, key: PropertyKey): object => (Object.hasOwn(values, key) ? values : target);
  return new Proxy(original, {
    get: (target, key) => Reflect.get(holder(target, key), key) as unknown,
    set: (target, key, value) => Reflect.set(holder(target, key), key, value),
  });
}
