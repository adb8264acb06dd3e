// The 8-4-4-4-12 form in either case: OSProfiler's peers send both, and it is safe as a file name.
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Whether a value is a UUID in its hyphenated form. */
export function isUuid(value: unknown): value is string {
  return typeof value === 'string' && value.length === 36 && uuid.test(value);
}

let crypto: typeof import('node:crypto') | undefined;

/** `node:crypto` takes 3 to 9 ms to load: not before the first header or point needs it. */
export function loadCrypto(): typeof import('node:crypto') {
  return (crypto ??= require('node:crypto') as typeof import('node:crypto'));
}

/** A new random id for a trace or a point. Node keeps a pool of entropy, so this costs about 35 ns. */
export function newId(): string {
  return loadCrypto().randomUUID();
}
