import type { Context } from '../../trace/context.js';

/**
 * The same place in the trace, but as the application's own code: a library that calls the application from within a
 * call of its own uses it. A call that the application then makes of the library is not part of the library's call.
 */
export function asApplication(context: Context): Context {
  if (context.library === '') return context;
  // Only the point's own context tells whether the point is open.
  return { ...context, library: '', isOpen: false, outer: context.isOpen ? context : context.outer };
}
