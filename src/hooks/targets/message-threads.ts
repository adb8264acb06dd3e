// Messages to worker threads: what belongs to a message's trace lies in memory that both threads share, under the number
// of the message, so the message stays as it is. `message-thread.ts` has the thread's side.
import { Worker, setEnvironmentData } from 'node:worker_threads';

import { nobody } from '../../trace/context.js';
import { createStamp } from '../../trace/stamp.js';
import { tracing } from '../../trace/trace.js';
import type { Callback } from '../calls/call.js';
import { unobserved } from '../calls/ends.js';
import { bindEmitter } from '../emitter.js';
import { createGuard, guarded } from '../guard.js';
import type { AgentPort } from '../port.js';
import { handsPort } from '../sources/posts.js';
import { type Lane, senderOf, watchAnswers } from './message-sender.js';
import { sentBy } from './rpc-caller.js';
import { type TaskMailbox, newMailbox } from './task-mailbox.js';
import { type HandedMessages, type ThreadMessages, messagesKey } from './thread-messages.js';

// So many traced messages can be posted and not yet taken by one thread.
const slots = 32;

interface ThreadLane extends Lane {
  readonly id: number;
  readonly mailbox: TaskMailbox;
  /** Until the thread's events are read. */
  ring: SharedArrayBuffer | undefined;
  /** How many messages were posted to the thread. */
  sent: number;
  /** The trace of a message lies in the mailbox, and the message is being posted. */
  isPosting: boolean;
  /** Only the trace that has made the thread has posted to it. */
  isOwn: boolean;
}

/** Makes what sends messages to threads. */
export function messagesToThreads(agent: AgentPort): ThreadMessages {
  const guard = createGuard('messages to threads');
  const lanes = createStamp<ThreadLane>();
  let isWatching = false;
  let post: Callback | undefined;

  // The messages are counted where nothing but Node comes after it.
  const counted = (original: Callback): Callback =>
    function (this: unknown) {
      const result = Reflect.apply(original, this, arguments as unknown as unknown[]);
      lanes.of(this)!.sent++;
      return result;
    };

  const send = senderOf<ThreadLane>({
    system: 'thread',
    what: 'messages to threads',
    lane: (self) => lanes.of(self),
    isOwn: ({ isOwn }) => isOwn,
    handsPort: ([, transfer]) => handsPort(transfer),
    ends: [unobserved],
    carry(call, lane, context) {
      guarded(guard, () => {
        read(call.self as Worker, lane);
        lane.mailbox.put(lane.id, lane.sent + 1, sentBy(context));
        lane.isPosting = true;
      });
      try {
        return call.proceed();
      } catch (error) {
        withdraw(lane);
        throw error;
      } finally {
        lane.isPosting = false;
      }
    },
  });

  /** The message was not posted, or another one is, in the middle of it. */
  function withdraw(lane: ThreadLane): void {
    if (!lane.isPosting) return;
    lane.isPosting = false;
    lane.mailbox.take(lane.id, lane.sent + 1);
  }

  function read(worker: Worker, lane: ThreadLane): void {
    if (lane.ring === undefined) return;
    const close = agent.readRing(lane.ring);
    lane.ring = undefined;
    bindEmitter(worker, nobody(), guard, (event) => {
      if (event === 'exit') close();
    });
  }

  return {
    open(isHanded) {
      const mailbox = newMailbox(slots);
      const ring = isHanded ? undefined : agent.newRing();
      setEnvironmentData(messagesKey, { mailbox: mailbox.memory, ring } satisfies HandedMessages);
      return {
        made(worker) {
          // A subclass may have a `threadId` of its own, which is not ready yet.
          const id = Reflect.get(Worker.prototype, 'threadId', worker);
          const destination = String(id);
          const unread = { ring, sent: 0, isPosting: false, isOwn: false, answers: 0 };
          lanes.put(worker, { id, destination, mailbox, ...unread });
        },
        close: () => setEnvironmentData(messagesKey, undefined),
      };
    },

    isPosted(worker) {
      const lane = lanes.of(worker);
      if (lane !== undefined) lane.sent++;
    },

    post(original, self, args, isOwn) {
      const lane = lanes.of(self);
      if (lane === undefined) return Reflect.apply(original, self, args as unknown[]);
      post ??= counted(original);
      if (lane.isPosting) withdraw(lane);
      if (tracing.live === 0) return Reflect.apply(post, self, args as unknown[]);
      if (!isWatching) {
        isWatching = true;
        guarded(guard, () => watchAnswers(Worker.prototype, (worker) => lanes.of(worker)));
      }
      lane.isOwn = isOwn;
      return send(post, self, args);
    },
  };
}
