// Gives zod's tests the stand-in for vitest.
export const resolve = (specifier, context, next) =>
  specifier === 'vitest'
    ? { url: new URL('./vitest.mjs', import.meta.url).href, shortCircuit: true }
    : next(specifier, context);
