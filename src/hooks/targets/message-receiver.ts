// The receiver's side of messages between processes and threads: a point for each traced message, and where its
// listeners run.
//
// A listener may put its message into a queue, and whatever loop empties that queue runs in the context of the message
// that began the loop. So a message's work is followed only if nothing can be in such a queue: if every message before
// it has been answered, and until the next one comes.
import { type Context, nobody, runIn, tracedBy, workFor } from '../../trace/context.js';
import { type Payload, type Point, startPoint, stopPoint } from '../../trace/point.js';
import type { VerifiedTrace } from '../../trace/signing.js';
import { type Trace, endTrace, release, tracing } from '../../trace/trace.js';
import type { PointInfo } from '../../trace/vocabulary.js';
import type { Callback } from '../calls/call.js';
import { type Guard, guarded } from '../guard.js';
import { keepUntilQuiet } from './late-work.js';
import { startsOf } from './rpc-words.js';

/** So many messages in a row, each answered before the next one, show that older ones are never going to be. */
const enoughInARow = 8;

/** The end of a message of which a listener has thrown. */
const thrown = { etype: 'Error', message: 'a listener has thrown an error' };

/** One side of a channel by which messages of several requests come. */
export interface Receiver {
  /**
   * A message has come: nothing more is followed of the one before, nor of the code that was there before it if that is
   * of another trace.
   *
   * @returns whether all messages before it were answered
   */
  came(traced: VerifiedTrace | undefined): boolean;
  /** A message was sent back. */
  answered(): void;
  /**
   * Calls a message's listeners, for the time of its point.
   *
   * @param isAtRest what `came` has said; undefined if the listeners run where they would without the message's trace
   */
  deliver(
    traced: VerifiedTrace,
    isAtRest: boolean | undefined,
    fn: Callback,
    self: unknown,
    args: unknown[],
  ): unknown;
}

/** @param destination the receiver's name in its points */
export function newReceiver(system: string, destination: string, guard: Guard): Receiver {
  const [start] = startsOf('consumer', system)({ destination });
  let waiting = 0;
  let answers = 0;
  let inARow = 0;
  let followed: Trace | undefined;

  function begin(traced: VerifiedTrace): Point {
    const root = tracedBy(traced);
    try {
      return startPoint('rpc', root, start!.info as PointInfo<'rpc'>);
    } finally {
      release(root.trace);
    }
  }

  /** Where a message's listeners run. */
  function placeFor({ context }: Point, isAtRest: boolean): Context {
    if (!isAtRest) return nobody();
    followed = context.trace;
    keepUntilQuiet(followed);
    return context;
  }

  return {
    came(traced) {
      if (tracing.live > 0) workFor(traced?.base_id);
      if (followed !== undefined) {
        followed.isAnybodys = true;
        endTrace(followed);
        followed = undefined;
      }
      inARow = answers === 1 ? inARow + 1 : 0;
      answers = 0;
      if (inARow >= enoughInARow) waiting = 0;
      return waiting++ === 0;
    },

    answered() {
      answers++;
      if (waiting > 0) waiting--;
    },

    deliver(traced, isAtRest, fn, self, args) {
      const point = guarded(guard, () => begin(traced));
      if (point === undefined) return runIn(nobody(), fn, self, args);
      // The error is not caught: Node shows the line of the code that has thrown it last.
      let seen: Payload = thrown;
      try {
        const result =
          isAtRest === undefined
            ? Reflect.apply(fn, self, args)
            : runIn(placeFor(point, isAtRest), fn, self, args);
        seen = undefined;
        return result;
      } finally {
        stopPoint(point, seen);
      }
    },
  };
}
