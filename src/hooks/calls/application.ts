import type { Context } from '../../trace/context.js';

/**
 * The same place in the trace, as that of the application's own code: where a library calls it from within a call of
 * its own, what it asks of the library is no part of that call.
 */
export function asApplication(context: Context): Context {
  if (context.library === '') return context;
  // Whether the point is open is told by the point's own context alone.
  return { ...context, library: '', isOpen: false, outer: context.isOpen ? context : context.outer };
}
