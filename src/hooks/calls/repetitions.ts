// Finds out where in the application a call is made that is repeated. The stack is read for the second of equal calls
// in one request only: one of them is enough for a reader, and most calls are made once.
//
// The price: a call takes one look into a map of its request. The second of its kind reads the stack, for 20 µs in a
// busy process. A thread that traces everything would do so for each request, so it reads some of them only.
import type { Context } from '../../trace/context.js';
import { elapsed } from '../../trace/clock.js';
import { createStamp } from '../../trace/stamp.js';
import { read } from '../guard.js';
import type { CodePlace } from './call-place.js';
import { perSecond } from './per-second.js';

/** Whether a call of each kind was made again, by the contexts of the requests. */
const kinds = createStamp<Map<unknown, boolean>>();
/** A hundred stacks take 0.2 % of a second. */
const mayRead = perSecond(100);

// An application may choose what it calls, so their number is limited.
const mostKinds = 200;

/**
 * The place in the application's code where a call is made, if it is the second of its kind in its request.
 *
 * @param caller the context in which it is made
 * @param kind what equal calls share
 */
export function placeOfSecond(caller: Context, kind: unknown): CodePlace | undefined {
  const scope = scopeOf(caller);
  let seen = kinds.of(scope);
  if (seen === undefined) kinds.put(scope, (seen = new Map()));
  const isKnown = seen.get(kind);
  if (isKnown === undefined && seen.size < mostKinds) seen.set(kind, false);
  if (isKnown !== false) return undefined;
  seen.set(kind, true);
  if (!mayRead(elapsed())) return undefined;
  // It is nothing worth a failure: of the application's own hooks of stacks, or of a file that cannot be opened now.
  return read(() => (require('./call-place.js') as typeof import('./call-place.js')).callPlace());
}

/** The request within which something is called; in other work, the outermost open point. */
function scopeOf(caller: Context): Context {
  let scope = caller;
  while (scope.point !== 'wsgi' && scope.outer !== undefined) scope = scope.outer;
  return scope;
}
