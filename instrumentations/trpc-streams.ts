// A part of `trpc.ts`: procedures that give a stream. Their points end with it.
import type { Call, Callback, End } from '../src/hooks/calls/call.js';
import { settleByPromise } from '../src/hooks/calls/ends.js';
import { closed, isIterator, watchIterable, watchIterator } from '../src/hooks/calls/iterators.js';
import { guarded } from '../src/hooks/guard.js';
import { patch } from '../src/hooks/patch.js';
import { viewWith } from '../src/hooks/view.js';
import { type Context, place, runIn } from '../src/trace/context.js';

/** The procedure gives a promise, and may have given a stream with it. */
export const answered: End = (call) => {
  const result = call.invoke();
  if (call.context === undefined) return result;
  settleByPromise(call, result, (value) => {
    if (guarded(call.guard, () => goesOn(call, value)) !== true) call.succeed(value);
  });
  return result;
};

/** Watches what a procedure has given, if that is a stream. */
function goesOn(call: Call, value: unknown): boolean {
  if (isIterator(value)) return watchIterator(call, value, closed);
  // Any other object of a query may be used in ways that nobody knows.
  const { type } = Object(call.args[0]) as { readonly type?: unknown };
  if (type !== 'subscription' || typeof value !== 'object' || value === null) return false;
  const stream = value as Stream;
  if (watchIterable(call, stream)) return true;
  return typeof stream['subscribe'] === 'function' && watchObservable(call, stream);
}

type Stream = Record<string, unknown>;

/** The first subscription is watched, as above. */
function watchObservable(call: Call, stream: Stream): boolean {
  const context = call.within;
  const original = stream['subscribe'];
  if (context === undefined || !Object.isExtensible(stream)) return false;
  let isWatched = false;
  const end = (how: () => void): void => {
    if (call.isOver) return;
    call.resume();
    how();
  };
  patch(
    stream,
    'subscribe',
    (subscribe) =>
      function (this: unknown, ...args: unknown[]): unknown {
        const [observer] = args;
        if (isWatched || typeof observer !== 'object' || observer === null) {
          return Reflect.apply(subscribe, this, args);
        }
        isWatched = true;
        args[0] = viewWith(observer, {
          error(error: unknown) {
            end(() => call.fail(error));
            return (observer as Observer).error?.(error);
          },
          complete() {
            end(() => call.succeed(undefined));
            return (observer as Observer).complete?.();
          },
        });
        const given = within(context, subscribe, this, args);
        if (typeof given === 'object' && given !== null) {
          patch(
            given as Record<string, unknown>,
            'unsubscribe',
            (unsubscribe) =>
              function (this: unknown, ...its: unknown[]) {
                try {
                  return within(context, unsubscribe, this, its);
                } finally {
                  end(() => call.succeed(closed));
                }
              },
          );
        }
        return given;
      },
  );
  // An observable that several calls give is watched for the first of them.
  if (stream['subscribe'] === original) return false;
  call.suspend();
  return true;
}

/** The subscriber may be another request, whose work is none of this trace. */
const within = (context: Context, method: Callback, self: unknown, args: unknown[]): unknown =>
  place()?.trace === context.trace ? runIn(context, method, self, args) : Reflect.apply(method, self, args);

interface Observer {
  error?(error: unknown): unknown;
  complete?(): unknown;
}
