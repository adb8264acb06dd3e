// Records the calls that a library itself publishes, on a TracingChannel of Node's `diagnostics_channel`.
import { ending } from '../../trace/cancelled.js';
import { type Context, enter, isRecorded, leaveOut, place } from '../../trace/context.js';
import type { Info } from '../../trace/event.js';
import { type Payload, type Point, startPoint, stopPoint } from '../../trace/point.js';
import { createStamp } from '../../trace/stamp.js';
import type { PointStart, StopInfo } from '../../trace/vocabulary.js';
import { onChannel } from '../channel.js';
import { createGuard, guarded } from '../guard.js';

/** What is recorded of the calls of a channel. All events of one call carry the same message. */
export interface PublishedHook {
  /** The channel's name: `mysql2:query`. */
  readonly channel: string;
  readonly library: string;
  /** The points of a call, from the outside in. There are none if the call is part of a call that has one. */
  start(message: object, caller: Context): readonly PointStart[];
  /** The info for a point's stop. */
  stop?(message: object, context: Context): StopInfo;
  /** The info for a point's stop after an error. */
  failed?(error: unknown, context: Context): Info;
}

interface PublishedCall {
  readonly points: readonly Point[];
  /** Undefined if the caller is in no trace. */
  readonly caller: Context | undefined;
  /** Where the library's code ran that called the callback. */
  answered?: Context | undefined;
}

const none: readonly Point[] = [];

/**
 * Subscribes to a channel, only while a trace is live. A library with a subscriber builds its message for each call
 * of the process, traced or not, and some libraries then return other promises.
 *
 * @param first the message of a call that has just begun
 * @returns ends the subscription
 */
export function subscribe(hook: PublishedHook, first?: object): () => void {
  const calls = createStamp<PublishedCall>();
  // One for all events: a point whose start was seen is stopped, whatever fails after that.
  const guard = createGuard(`the channel ${hook.channel}`);
  const on = (event: string, listener: (message: object) => void): (() => void) =>
    onChannel(`tracing:${hook.channel}:${event}`, listener);
  const stop = (message: object, said: (context: Context) => Payload): void => {
    for (const point of (calls.of(message)?.points ?? none).toReversed()) {
      if (!point.stopped)
        stopPoint(
          point,
          guarded(guard, () => said(point.context)),
        );
    }
  };
  const begin = (message: object, caller: Context): readonly Point[] => {
    const starts = guarded(guard, () => hook.start(message, caller)) ?? [];
    if (starts.length === 0) return none;
    if (!isRecorded(caller)) {
      leaveOut(caller);
      return none;
    }
    const points: Point[] = [];
    for (const { point, info, outlives } of starts) {
      const parent = points.at(-1)?.context ?? caller;
      points.push(startPoint(point, parent, info, outlives !== true, hook.library));
    }
    return points;
  };
  const started = (message: object): void => {
    if (calls.has(message)) return;
    const caller = place();
    const points = caller === undefined ? none : begin(message, caller);
    calls.put(message, { points, caller });
    if (points.length > 0) enter(points.at(-1)?.context);
  };
  if (first !== undefined) guarded(guard, () => started(first));
  const subscriptions = [
    on('start', started),
    // The method has returned. Its result is in the message only if the call has no later end.
    on('end', (message) => {
      const call = calls.of(message);
      if (call === undefined || call.points.length === 0) return;
      enter(call.caller);
      if ('result' in message) stop(message, (context) => hook.stop?.(message, context));
    }),
    on('error', (message) => {
      const { error } = message as { error?: unknown };
      stop(message, (context) => hook.failed?.(error, context) ?? ending(error));
    }),
    // The callback comes from the connection, which another request may have opened, whether its caller is traced or
    // not.
    on('asyncStart', (message) => {
      const call = calls.of(message);
      if (call === undefined) return;
      stop(message, (context) => hook.stop?.(message, context));
      call.answered = place();
      enter(call.caller);
    }),
    on('asyncEnd', (message) => {
      const call = calls.of(message);
      if (call !== undefined) enter(call.answered);
    }),
  ];
  return () => {
    for (const unsubscribe of subscriptions) unsubscribe();
  };
}
