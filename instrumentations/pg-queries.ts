// A part of `pg.ts`: recognises a query that is an object of its own: a cursor, a stream, or a `Query` that the
// application made.
import { type Callback, type End, notMine } from '../src/hooks/calls/call.js';
import { bindCallback } from '../src/hooks/calls/callback.js';
import { lastCallback, unobserved } from '../src/hooks/calls/ends.js';
import { read } from '../src/hooks/guard.js';
import { bindEmitter } from '../src/hooks/emitter.js';
import { lookalike } from '../src/hooks/patch.js';
import { place, runIn } from '../src/trace/context.js';
import { resultOf } from './pg-rows.js';

/**
 * Such an object is itself the result of `query`. At the end, pg calls one of two handlers of it. All its callbacks
 * come from the connection's socket.
 */
export const submittable: End = (call) => {
  const query = call.args[0] as Record<string, unknown> | string | null | undefined;
  if (typeof query !== 'object' || query === null || typeof query['submit'] !== 'function') return notMine;
  if (!Object.isExtensible(query)) return unobserved(call);
  let fetched = 0;
  if (call.context !== undefined) {
    around(query, 'handleDataRow', (run) => {
      fetched++;
      return run();
    });
  }
  // Both call the query's callback. The callback stays as it is, because an application may look at it.
  around(query, 'handleReadyForQuery', (run) => {
    call.succeed(resultOf(query, fetched));
    return runIn(call.caller, run, undefined, []);
  });
  around(query, 'handleError', (run, [error]) => {
    call.fail(error);
    return runIn(call.caller, run, undefined, []);
  });
  // The application may read from a cursor, or close it, in any context.
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

/** Whether a query gives its rows in pieces, as the application reads them: a cursor, or a stream over one. */
export function isCursor(query: unknown): boolean {
  if (typeof query !== 'object' || query === null) return false;
  const has = (name: string): boolean => typeof Reflect.get(query, name) === 'function';
  // A copy of a table is a stream as well.
  return read(() => has('submit') && ('cursor' in query || (has('read') && !has('pipe')))) ?? false;
}

/** Puts a method on an object itself, over the method that it has. The body decides when the original runs. */
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
