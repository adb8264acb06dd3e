// Messages to child processes: what belongs to a message's trace goes before it, in a message of the kind that Node keeps
// from listeners of `message`. `message-process.ts` has the child's side.
import type { ChildProcess } from 'node:child_process';
import { basename, dirname, join } from 'node:path';

import type { Context } from '../../trace/context.js';
import { type Callback, type End, notMine } from '../calls/call.js';
import { settlingCallback } from '../calls/callback.js';
import { createGuard, guarded } from '../guard.js';
import type { AgentPort } from '../port.js';
import { type ChildLane, type Started, isInternal, traceCommand } from './child-messages.js';
import { senderOf, watchAnswers } from './message-sender.js';

/** Sends a message to a child process while a trace is live. */
export type SendToChild = (original: Callback, self: unknown, args: unknown[]) => unknown;

/** Makes what sends messages to child processes. */
export function messagesToProcesses(
  agent: AgentPort,
  laneOf: (child: unknown) => ChildLane | undefined,
): SendToChild {
  const guard = createGuard('messages to processes');
  const { ChildProcess: Child } = require('node:child_process') as typeof import('node:child_process');
  guarded(guard, () => watchAnswers(Child.prototype, laneOf));

  const send = senderOf<ChildLane>({
    system: 'process',
    what: 'messages to processes',
    lane: (self, [message]) => (isInternal(message) ? undefined : laneOf(self)),
    ends: [firstCallback, returnedNow],
    carry(call, lane, context) {
      const child = call.self as ChildProcess;
      guarded(guard, () => {
        if (!mayCarry(child, lane, call.args, context)) return;
        tell(child, lane, { ...agent.headersFor(context) });
        lane.isSending = true;
      });
      try {
        return call.proceed();
      } catch (error) {
        withdraw(child, lane);
        throw error;
      } finally {
        lane.isSending = false;
      }
    },
  });

  /** Sends what belongs to the next message. An error of it is told to a callback, and to nobody else. */
  function tell(child: ChildProcess, lane: ChildLane, trace?: object): void {
    Reflect.apply(lane.send, child, [{ cmd: traceCommand, trace }, undefined, undefined, () => {}]);
  }

  /** The message was not sent, or another one is, in the middle of it. */
  function withdraw(child: ChildProcess, lane: ChildLane): void {
    if (!lane.isSending) return;
    lane.isSending = false;
    guarded(guard, () => tell(child, lane));
  }

  function mayCarry(
    child: ChildProcess,
    lane: ChildLane,
    args: readonly unknown[],
    context: Context,
  ): boolean {
    // Node holds messages back while a handle is on its way, and sends a handle in a message of its own.
    const { _handleQueue: held } = child as { readonly _handleQueue?: unknown };
    const isWithHandle = Boolean(args[1]) && typeof args[1] !== 'function';
    if (Boolean(held) || isWithHandle || !child.connected) return false;
    const { hmac_key } = context.trace;
    if (lane.key !== hmac_key) {
      lane.key = hmac_key;
      lane.takesPart = takesPart(lane.started, agent, context);
    }
    return lane.takesPart;
  }

  return (original, self, args) => {
    const lane = laneOf(self);
    if (lane?.isSending === true) withdraw(self as ChildProcess, lane);
    return send(original, self, args);
  };
}

/** The first function behind the message is called when the message is written. */
const firstCallback: End = (call) => {
  const { args } = call;
  for (let i = 1; i <= 3; i++) {
    const value = args[i];
    if (typeof value !== 'function') continue;
    args[i] = settlingCallback(call, value as Callback);
    return call.invoke();
  }
  return notMine;
};

/** Without a callback, the point tells only how the method returned. */
const returnedNow: End = (call) => {
  const { connected } = call.self as ChildProcess;
  const result = call.invoke();
  if (connected) call.succeed(result);
  else call.fail(new Error('Channel closed'));
  return result;
};

/**
 * Whether a child is known to run the agent, and to accept what the trace's key has signed. Nothing of it is sent to any
 * other child, which could listen to Node's own messages, or be no Node.js process at all.
 */
function takesPart({ file, args, envPairs, uid, gid }: Started, agent: AgentPort, context: Context): boolean {
  if (!Array.isArray(envPairs) || !Array.isArray(args) || isGiven(uid) || isGiven(gid)) return false;
  const isNode =
    file === process.execPath || (typeof file === 'string' && /^node(?:\.exe)?$/.test(basename(file)));
  if (!isNode) return false;
  const valueOf = (name: string): string | undefined =>
    (envPairs as readonly unknown[])
      .findLast((pair): pair is string => typeof pair === 'string' && pair.startsWith(`${name}=`))
      ?.slice(name.length + 1);
  const preload = join(dirname(agent.preload), 'register');
  const names = (text: unknown): boolean =>
    typeof text === 'string' && (text.includes('ostrace/register') || text.includes(preload));
  if (!names(valueOf('NODE_OPTIONS')) && !args.slice(1).some(names)) return false;
  return Object.keys(agent.processVariables(context, valueOf)).length > 0;
}

const isGiven = (value: unknown): boolean => value !== undefined && value !== null && value !== false;
