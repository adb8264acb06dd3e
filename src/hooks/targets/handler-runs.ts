// Finds out which request's handler blocked the event loop. A handler that runs for long without a break is told to
// the other traces of that time, as a point called `blocked`, and to the request that comes next without a pause.
//
// Only a handler's first run is known to be its request's: from the server's event until it returns. What goes on after
// an `await` may be anybody's, so nothing is said of it.
//
// The price: nothing while no trace is live; 80 ns for each request beside a trace.
import { elapsed } from '../../trace/clock.js';
import { place } from '../../trace/context.js';
import { type Guard, guarded, read } from '../guard.js';

/** Shorter runs block nobody. */
const leastMs = 10;

/** A request whose handler is being called: the one of a server that passes it on to another one counts once. */
let isRunning = false;

/**
 * Calls the listeners of a server's `request` event, and tells for how long they ran. Call it only while a trace is
 * live.
 *
 * @param args the arguments of the event: its name, the request
 */
export function callHandlers<Result>(
  emit: (...args: never[]) => Result,
  self: unknown,
  args: readonly unknown[],
  guard: Guard,
): Result {
  if (isRunning) return Reflect.apply(emit, self, args) as Result;
  isRunning = true;
  // Frameworks change the URL while they look for a handler.
  const { method, url } = read(() => asked(args[1])) ?? {};
  const fromMs = elapsed();
  try {
    return Reflect.apply(emit, self, args) as Result;
  } finally {
    isRunning = false;
    const untilMs = elapsed();
    if (untilMs - fromMs >= leastMs && typeof method === 'string' && typeof url === 'string') {
      guarded(guard, () => tell({ method, url, fromMs, untilMs, trace: place()?.trace }));
    }
  }
}

interface Asked {
  readonly method?: unknown;
  readonly url?: unknown;
}

function asked(request: unknown): Asked {
  const { method, url } = Object(request) as Asked;
  return { method, url };
}

const tell: typeof import('./blockers.js').tellBlocked = (...given) =>
  (require('./blockers.js') as typeof import('./blockers.js')).tellBlocked(...given);
