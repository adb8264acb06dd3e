// The sender's side of messages between processes and threads: a point for each message that the code of a trace sends,
// unless it may be another request's.
//
// Code that waits for an answer may go on with what others have put into a queue meanwhile: pools that begin the next
// task when one is done (`finally(next)`), loops that empty a queue. So a place in a trace sends messages of its own
// until a receiver that it has sent to sends something back.
import { type Context, isRecorded, leaveOut, nobody, requestDefault, runIn } from '../../trace/context.js';
import { createStamp } from '../../trace/stamp.js';
import { tracing } from '../../trace/trace.js';
import type { PointStart } from '../../trace/vocabulary.js';
import type { Call, Callback, End } from '../calls/call.js';
import { tracerOf } from '../calls/method.js';
import { startsOf } from './rpc-words.js';

/** What is known of a receiver, and of what it sends back. */
export interface Lane {
  readonly destination: string;
  /** How many messages have come back while something was traced. */
  answers: number;
}

/** What the code of a place in a trace has sent. */
interface Asked {
  isAnswered: boolean;
  /** How many messages each receiver had sent back by then. */
  readonly receivers: Map<Lane, number>;
}

const askedAt = createStamp<Asked>();

/** Whether something has come back from a receiver that a place has sent to. */
function isAnswered({ id, trace }: Context): boolean {
  // All of a process that is traced as a whole belongs to its trace.
  if (requestDefault()?.trace === trace) return false;
  const asked = askedAt.of(id);
  if (asked === undefined || asked.isAnswered) return asked !== undefined;
  for (const [lane, answers] of asked.receivers) if (lane.answers !== answers) asked.isAnswered = true;
  if (asked.isAnswered) asked.receivers.clear();
  return asked.isAnswered;
}

function note({ id }: Context, lane: Lane, handsPort: boolean): void {
  let asked = askedAt.of(id);
  if (asked === undefined) askedAt.put(id, (asked = { isAnswered: false, receivers: new Map() }));
  if (!asked.receivers.has(lane)) asked.receivers.set(lane, lane.answers);
  // The answer may come by that port.
  if (handsPort) asked.isAnswered = true;
}

/** How messages of one kind are sent. */
export interface Sending<Of extends Lane> {
  readonly system: string;
  readonly what: string;
  /** Undefined for a message that is not recorded. */
  lane(self: object, args: readonly unknown[]): Of | undefined;
  /** Whether the receiver works for the trace of a place only. */
  isOwn?(lane: Of): boolean;
  /** Whether a message hands a port over. */
  handsPort?(args: readonly unknown[]): boolean;
  readonly ends: readonly End[];
  /** Makes the call, and has the trace go with the message. */
  carry(call: Call, lane: Of, context: Context): unknown;
}

const none: readonly PointStart[] = [];

/** Makes what sends a message while a trace is live. */
export function senderOf<Of extends Lane>(
  sending: Sending<Of>,
): (original: Callback, self: unknown, args: ArrayLike<unknown>) => unknown {
  const startOf = startsOf('producer', sending.system);
  return tracerOf({
    library: sending.what,
    what: 'of a traced sender',
    start(self, args, caller) {
      // A library's own message is a part of its call.
      const lane = caller.library === '' ? sending.lane(self, args) : undefined;
      if (lane === undefined) return none;
      if (sending.isOwn?.(lane) !== true && isRecorded(caller) && isAnswered(caller)) {
        leaveOut(nobody());
        return none;
      }
      return startOf(lane);
    },
    ends: sending.ends,
    around(call) {
      const { args, caller, context, self } = call;
      const lane = context && sending.lane(self, args);
      if (lane === undefined) return call.proceed();
      note(caller!, lane, sending.handsPort?.(args) === true);
      return sending.carry(call, lane, context!);
    },
  });
}

/**
 * Counts what receivers send back. It may be for any request, and its listeners run in nobody's place.
 *
 * @param prototype that of the emitters that stand for the receivers
 */
export function watchAnswers(prototype: object, laneOf: (emitter: unknown) => Lane | undefined): void {
  const inherited = Object.getPrototypeOf(prototype) as { readonly emit: Callback };
  Object.defineProperty(prototype, 'emit', {
    value: function emit(this: unknown, event: unknown) {
      const args = arguments as unknown as unknown[];
      // The inherited `emit` is looked up at each call: `node:domain` replaces it when it is loaded.
      if (event !== 'message' || tracing.live === 0) return Reflect.apply(inherited.emit, this, args);
      const lane = laneOf(this);
      if (lane !== undefined) lane.answers++;
      return runIn(nobody(), inherited.emit, this, args);
    },
    configurable: true,
    writable: true,
  });
}
