/**
 * A copy with other values for some properties, for what an application hands to Node. Getters stay getters
 * and what is inherited stays inherited, so that Node finds what it would have found.
 */
export function copyWith<Of extends object>(original: Of, values: object): Of {
  return Object.create(Object.getPrototypeOf(original) as object | null, {
    ...Object.getOwnPropertyDescriptors(original),
    ...Object.getOwnPropertyDescriptors(values),
  }) as Of;
}
