import type { Context } from '../../trace/context.js';

/**
 * Gives the context for application code that a library calls from within a call of its own. It is the same place in
 * the trace, but a call that the application then makes of the library is not part of the library's call.
 */
export function asApplication(context: Context): Context {
  if (context.library === '') return context;
  // Only the point's own context tells whether the point is open.
  return { ...context, library: '', isOpen: false, outer: context.isOpen ? context : context.outer };
}
