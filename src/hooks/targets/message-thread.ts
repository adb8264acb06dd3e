// Messages in the worker thread that gets them: `message-threads.ts` has the sender's side.
import { MessagePort, type parentPort as ParentPort, threadId } from 'node:worker_threads';

import { nobody, runIn } from '../../trace/context.js';
import { tracing } from '../../trace/trace.js';
import type { Callback } from '../calls/call.js';
import { createGuard, guarded } from '../guard.js';
import { underlay } from '../patch.js';
import type { AgentPort } from '../port.js';
import { dispatch, knownPorts } from '../sources/shared-sources.js';
import { newReceiver } from './message-receiver.js';
import { openMailbox } from './task-mailbox.js';
import type { HandedMessages } from './thread-messages.js';

/** Hooks the port by which this thread gets messages of the thread that has started it. */
export function messagesOfThread(agent: AgentPort, handed: HandedMessages): void {
  const threads = require('node:worker_threads') as {
    readonly parentPort: typeof ParentPort;
    receiveMessageOnPort: Callback;
  };
  const { parentPort } = threads;
  const guard = createGuard('messages of a thread');
  const mailbox = openMailbox(handed.mailbox);
  const receiver = newReceiver('thread', String(threadId), guard);
  let count = 0;

  const prototype = MessagePort.prototype as unknown as Record<symbol, Callback>;
  const original = prototype[dispatch];
  if (typeof original !== 'function' || parentPort === null) return;
  knownPorts.put(parentPort, true);
  Object.defineProperty(prototype, dispatch, {
    value(this: unknown) {
      const args = arguments as unknown as unknown[];
      if (this !== parentPort) return Reflect.apply(original, this, args);
      const traced = mailbox.take(threadId, ++count);
      const isAtRest = receiver.came(traced);
      const isOwn = agent.ownPort() === parentPort;
      if (traced === undefined || guard.off) {
        return isOwn || tracing.live === 0
          ? Reflect.apply(original, this, args)
          : runIn(nobody(), original, this, args);
      }
      if (handed.ring !== undefined) guarded(guard, () => agent.useRing(handed.ring!));
      return receiver.deliver(traced, isOwn ? undefined : isAtRest, original, this, args);
    },
    configurable: true,
    writable: true,
  });

  // Code that takes a message so goes on as what it is.
  underlay(
    threads,
    'receiveMessageOnPort',
    (receive) =>
      function (port) {
        const entry = Reflect.apply(receive, this, arguments as unknown as unknown[]);
        if (port !== parentPort || entry === undefined) return entry;
        receiver.came(mailbox.take(threadId, ++count));
        return entry;
      },
  );
  underlay(
    MessagePort.prototype as unknown as Record<string, Callback>,
    'postMessage',
    (post) =>
      function () {
        const result = Reflect.apply(post, this, arguments as unknown as unknown[]);
        if (this === parentPort) receiver.answered();
        return result;
      },
  );
}
