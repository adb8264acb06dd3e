// Tells plain promises, which most traced functions return, from other thenables.
/** A promise that a derived promise can replace: nobody has put properties of their own on it. */
export function isPlainPromise(value: unknown): value is Promise<unknown> {
  try {
    return (
      value instanceof Promise &&
      Object.getPrototypeOf(value) === Promise.prototype &&
      Object.getOwnPropertyNames(value).length === 0
    );
  } catch {
    return false; // a Proxy of the application threw
  }
}

/** Handlers that look at how a promise settles and pass it on. */
export function passingOn(
  succeed: (value: unknown) => void,
  fail: (error: unknown) => void,
): [(value: unknown) => unknown, (error: unknown) => never] {
  return [
    (value) => {
      succeed(value);
      return value;
    },
    (error) => {
      fail(error);
      throw error;
    },
  ];
}
