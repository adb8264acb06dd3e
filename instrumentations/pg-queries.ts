// How a query of pg's client tells its end, where it is more than a text with a callback or a promise.
import type { Callback, Settling } from '../src/hooks/calls/call.js';
import { bindCallback, settlingCallback } from '../src/hooks/calls/callback.js';
import { viewWith } from '../src/hooks/view.js';
import { bindEmitter } from '../src/hooks/emitter.js';
import { lookalike } from '../src/hooks/patch.js';
import { byCallbackOr, unobserved, unwatched } from '../src/hooks/calls/completion.js';
import { place, runIn } from '../src/trace/context.js';
import { resultOf } from './pg-rows.js';

/**
 * A cursor, a stream or a `Query` of the application's is itself what `query` gives back; pg calls one of
 * two handlers of it at the end, and all that it calls back comes from the connection's socket.
 */
export const bySubmittableOr =
  (otherwise: Settling): Settling =>
  (traced) => {
    const [query] = traced.args as [Record<string, unknown> | string | null | undefined];
    if (typeof query !== 'object' || query === null || typeof query['submit'] !== 'function') {
      return byConfigCallbackOr(otherwise)(traced);
    }
    if (!Object.isExtensible(query)) return unobserved(traced);
    let fetched = 0;
    if (traced.context !== undefined) {
      around(query, 'handleDataRow', (run) => {
        fetched++;
        return run();
      });
    }
    // Both call the query's callback, which stays as it is: an application may look at it.
    around(query, 'handleReadyForQuery', (run) => {
      traced.succeed(resultOf(query, fetched));
      return runIn(traced.caller, run, undefined, []);
    });
    around(query, 'handleError', (run, [error]) => {
      traced.fail(error);
      return runIn(traced.caller, run, undefined, []);
    });
    // A cursor is asked for rows, and told to close, from wherever the application then is.
    for (const method of ['read', 'close']) {
      around(query, method, (run, args) => {
        bindLast(args);
        return run();
      });
    }
    if (typeof query['emit'] === 'function') bindEmitter(query as never, traced.caller, traced.guard);
    return byCallbackOr(unwatched)(traced);
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

/** `client.query({ text, callback })`; the application's object stays as it is. */
const byConfigCallbackOr =
  (otherwise: Settling): Settling =>
  (traced) => {
    const [config] = traced.args as [{ callback?: unknown } | string | null | undefined];
    if (typeof config !== 'object' || typeof config?.callback !== 'function') return otherwise(traced);
    traced.args[0] = viewWith(config, { callback: settlingCallback(traced, config.callback as Callback) });
    return traced.invoke();
  };
