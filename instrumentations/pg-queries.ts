// A query of pg's client that is an object of its own: a cursor, a stream or a `Query` of the application's.
import { type Callback, type End, notMine } from '../src/hooks/calls/call.js';
import { bindCallback } from '../src/hooks/calls/callback.js';
import { lastCallback, unobserved } from '../src/hooks/calls/ends.js';
import { bindEmitter } from '../src/hooks/emitter.js';
import { lookalike } from '../src/hooks/patch.js';
import { place, runIn } from '../src/trace/context.js';
import { resultOf } from './pg-rows.js';

/**
 * Such an object is itself what `query` gives back; pg calls one of two handlers of it at the end, and all that it
 * calls back comes from the connection's socket.
 */
export const submittable: End = (call) => {
  const [query] = call.args as [Record<string, unknown> | string | null | undefined];
  if (typeof query !== 'object' || query === null || typeof query['submit'] !== 'function') return notMine;
  if (!Object.isExtensible(query)) return unobserved(call);
  let fetched = 0;
  if (call.context !== undefined) {
    around(query, 'handleDataRow', (run) => {
      fetched++;
      return run();
    });
  }
  // Both call the query's callback, which stays as it is: an application may look at it.
  around(query, 'handleReadyForQuery', (run) => {
    call.succeed(resultOf(query, fetched));
    return runIn(call.caller, run, undefined, []);
  });
  around(query, 'handleError', (run, [error]) => {
    call.fail(error);
    return runIn(call.caller, run, undefined, []);
  });
  // A cursor is asked for rows, and told to close, from wherever the application then is.
  for (const method of ['read', 'close']) {
    around(query, method, (run, args) => {
      bindLast(args);
      return run();
    });
  }
  if (typeof query['emit'] === 'function') bindEmitter(query as never, call.caller, call.guard);
  const result = lastCallback(call);
  return result === notMine ? call.invoke() : result;
};

/** Puts a method of an object's own in the place of one that it has; it is asked what to do. */
function around(
  owner: Record<string, unknown>,
  method: string,
  body: (run: () => unknown, args: unknown[]) => unknown,
): void {
  const original = owner[method];
  if (typeof original !== 'function') return;
  const value = lookalike(original, (self, args) => body(() => Reflect.apply(original, self, args), args));
  Object.defineProperty(owner, method, { value, configurable: true, writable: true });
}

function bindLast(args: unknown[]): void {
  const callback = args.at(-1);
  if (typeof callback === 'function') args[args.length - 1] = bindCallback(callback as Callback, place());
}
