// Calls that a library publishes by itself, on a TracingChannel of Node's `diagnostics_channel`.
import { ending } from '../../trace/cancelled.js';
import { type Context, enter, isRecorded, leaveOut, place } from '../../trace/context.js';
import type { Info } from '../../trace/event.js';
import { type Payload, type Point, startPoint, stopPoint } from '../../trace/point.js';
import { createStamp } from '../../trace/stamp.js';
import type { PointStart, StopInfo } from '../../trace/vocabulary.js';
import { onChannel } from '../channel.js';

/** What is recorded of the calls of a channel. The same message comes with all events of one call. */
export interface PublishedHook {
  /** The channel's name: `mysql2:query`. */
  readonly channel: string;
  readonly library: string;
  /** The points of a call, from the outside in; none where it is part of a call that has one. */
  start(message: object, caller: Context): readonly PointStart[];
  /** What a point says at its stop. */
  stop?(message: object, context: Context): StopInfo;
  /** What a point says at its stop after an error. */
  failed?(error: unknown, context: Context): Info;
}

interface PublishedCall {
  readonly points: readonly Point[];
  readonly caller: Context;
}

/**
 * Subscribes to a channel. A library with a subscriber builds its message for each call of the process, whether that
 * is traced or not, and some then give other promises: so this is for the time in which a trace is live.
 *
 * @returns ends it
 */
export function subscribe(hook: PublishedHook): () => void {
  const calls = createStamp<PublishedCall>();
  const on = (event: string, listener: (message: object) => void): (() => void) =>
    onChannel(`tracing:${hook.channel}:${event}`, listener);
  const stop = (message: object, said: (context: Context) => Payload): void => {
    const { points } = calls.of(message) ?? { points: [] };
    for (const point of points.toReversed()) if (!point.stopped) stopPoint(point, said(point.context));
  };
  const subscriptions = [
    on('start', (message) => {
      const caller = place();
      if (caller === undefined) return;
      const starts = hook.start(message, caller);
      if (starts.length === 0) return;
      if (!isRecorded(caller)) {
        leaveOut(caller);
        return;
      }
      const points: Point[] = [];
      for (const { point, info, outlives } of starts) {
        const parent = points.at(-1)?.context ?? caller;
        points.push(startPoint(point, parent, info, outlives !== true, hook.library));
      }
      calls.put(message, { points, caller });
      enter(points.at(-1)?.context);
    }),
    // The method has returned. What it gave is in the message only where it has no later end.
    on('end', (message) => {
      const call = calls.of(message);
      if (call === undefined) return;
      enter(call.caller);
      if ('result' in message) stop(message, (context) => hook.stop?.(message, context));
    }),
    on('error', (message) => {
      const { error } = message as { error?: unknown };
      stop(message, (context) => hook.failed?.(error, context) ?? ending(error));
    }),
    // A callback comes from the connection, which another request may have opened.
    on('asyncStart', (message) => {
      const call = calls.of(message);
      if (call === undefined) return;
      stop(message, (context) => hook.stop?.(message, context));
      enter(call.caller);
    }),
  ];
  return () => {
    for (const unsubscribe of subscriptions) unsubscribe();
  };
}
