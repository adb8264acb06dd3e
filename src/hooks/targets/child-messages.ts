// The children that can be sent messages, from the moment in which they are started. What sends a traced message is
// loaded with the first one.
import type { ChildProcess } from 'node:child_process';

import { createStamp } from '../../trace/stamp.js';
import type { Callback } from '../calls/call.js';
import { gated } from '../calls/method.js';
import { createGuard, guarded } from '../guard.js';
import { underlay } from '../patch.js';
import type { AgentPort } from '../port.js';
import type { SendToChild } from './message-processes.js';
import type { Lane } from './message-sender.js';

/** The options that a child process was started with. */
export interface Started {
  readonly file?: unknown;
  readonly args?: unknown;
  readonly envPairs?: unknown;
  readonly uid?: unknown;
  readonly gid?: unknown;
}

/** A child process with a channel, as far as it is known. */
export interface ChildLane extends Lane {
  readonly started: Started;
  /** Node's own method. */
  readonly send: Callback;
  /** The key for which it was found out whether the child takes part in traces. */
  key: string | undefined;
  takesPart: boolean;
  /** The trace of a message has been sent, and the message is being sent. */
  isSending: boolean;
}

/** Node shows the listeners of `message` no message with a `cmd` that begins so. */
const internalPrefix = 'NODE_';
/** The `cmd` of a message that tells which trace the next one belongs to; it belongs to none if it says no `trace`. */
export const traceCommand = `${internalPrefix}OSTRACE`;

/** Whether a message is Node's own. Getters of the application are not called. */
export function isInternal(message: unknown): boolean {
  if (typeof message !== 'object' || message === null || !Object.hasOwn(message, 'cmd')) return false;
  const cmd: unknown = Object.getOwnPropertyDescriptor(message, 'cmd')?.value;
  return typeof cmd === 'string' && cmd.startsWith(internalPrefix);
}

/** Hooks the method by which children are started. */
export function watchChildren(agent: AgentPort): void {
  const { ChildProcess: Child } = require('node:child_process') as typeof import('node:child_process');
  const guard = createGuard('messages to processes');
  const lanes = createStamp<ChildLane>();
  let send: SendToChild | undefined;
  const sendToChild = (): SendToChild =>
    (require('./message-processes.js') as typeof import('./message-processes.js')).messagesToProcesses(
      agent,
      (child) => lanes.of(child),
    );

  function made(child: ChildProcess, started: Started): void {
    const lane = { started, destination: String(child.pid), answers: 0 };
    lanes.put(child, {
      ...lane,
      send: child.send as Callback,
      key: undefined,
      takesPart: false,
      isSending: false,
    });
    underlay(child, 'send', (original) =>
      gated(original, (self, args) => (send ??= sendToChild())(original, self, args)),
    );
  }

  underlay(
    Child.prototype as ChildProcess & { spawn: unknown },
    'spawn',
    (original) =>
      function (this: unknown, options: unknown) {
        const result: unknown = Reflect.apply(original, this, arguments as unknown as unknown[]);
        const child = this as ChildProcess;
        if (typeof child.send === 'function') guarded(guard, () => made(child, Object(options) as Started));
        return result;
      },
  );
}
