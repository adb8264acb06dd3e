import type { Context } from '../trace/context.js';

/**
 * The same place in the trace, as that of the application's own code: where a library calls it from within a call of
 * its own, what it asks of the library is no part of that call.
 */
export function asApplication(context: Context): Context {
  return context.library === '' ? context : { ...context, library: '' };
}
