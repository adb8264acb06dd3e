// How messages carry the trace on: in headers that replace those which the application has given, in copies of what it
// has given. Some libraries send a message by the very call of the application; others write it later, by a method of
// their own, to whichever server turns out to be the right one.
import type { Socket } from 'node:net';

import type { Sender } from '../../propagation/recipients.js';
import { carriedIn } from '../../trace/carried.js';
import { place } from '../../trace/context.js';
import { isTraceHeader } from '../../trace/headers.js';
import { watch } from '../../trace/returned.js';
import { createStamp } from '../../trace/stamp.js';
import type { Call } from '../calls/call.js';
import { gated } from '../calls/method.js';
import { createGuard, guarded } from '../guard.js';
import { patch } from '../patch.js';
import type { AgentPort } from '../port.js';
import { type Owner, nameOf } from './files.js';

/** How a message carries the trace on, where it is known at the call whom it is sent to. */
export interface Carrying {
  /** The connection to the callee or to the broker: its host must be one that may have signed headers. */
  socket(self: object): Socket | undefined;
  /** The headers that the application has given. */
  headers(args: readonly unknown[]): object | null | undefined;
  /** Puts headers in the place of those, into our copy of the arguments; the application's own objects stay. */
  inject(args: unknown[], headers: object): void;
}

/**
 * Gives the headers of one message.
 *
 * @param given those that the application has given it
 * @returns undefined where the message stays as it is
 */
export type Carry = (given: object | null | undefined) => object | undefined;

/** A method of the library's own that writes messages, for the calls by which the application sends them. */
export interface RpcWriting {
  readonly writes: true;
  /** The connection over which they are written: its host must be one that may have signed headers. */
  socket(args: readonly unknown[], self: object): Socket | undefined;
  /** Puts headers into our copy of the arguments; the application's and the library's own objects stay. */
  inject(args: unknown[], headersOf: Carry): void;
  /**
   * Whether it writes all that the call sends, so that the call is over when the method's promise settles, also where
   * nobody waits for the call's own. Only where the library itself waits for the method's promise.
   */
  isAll?(args: readonly unknown[]): boolean;
}

/** Puts the trace's headers into a message, if whoever can read them may have them. */
export function carry(
  agent: AgentPort,
  { socket, headers, inject }: Carrying,
  { args, caller, context, self }: Call,
): void {
  const at = context ?? caller;
  if (at === undefined) return;
  const carried = carrier(
    agent,
    { context: at, isPoint: context !== undefined },
    socket(self),
  )(headers(args));
  if (carried !== undefined) inject(args, carried);
}

/** Makes what gives the headers of messages of one sender. Those without a trace of their own get the same ones. */
function carrier(agent: AgentPort, sender: Sender, socket: Socket | undefined): Carry {
  const decide = (found: Readonly<Record<string, string>>): ReturnType<AgentPort['messageHeaders']> =>
    agent.messageHeaders(sender, { socket }, (name) => [found[name] ?? []].flat());
  let usual: { readonly carried: ReturnType<typeof decide> } | undefined;
  return (given) => {
    const found = carriedIn(given);
    const isUsual = Object.keys(found).length === 0;
    const carried = isUsual ? (usual ??= { carried: decide(found) }).carried : decide(found);
    if (carried === undefined) return undefined;
    const others = Object.entries(given ?? {}).filter(([name]) => !isTraceHeader(name));
    const ours = Object.entries(carried).map(([name, value]) => [name.toLowerCase(), value] as const);
    return Object.fromEntries([...others, ...ours]);
  };
}

/** The calls whose messages are written later, by the ids of their points. */
const senders = createStamp<Call>();

/** Notes a call whose messages a method of the library writes. */
export function willWrite(call: Call): void {
  if (call.context !== undefined) senders.put(call.context.id, call);
}

/** Hooks a method by which a library writes messages. */
export function hookWriting(
  library: string,
  agent: AgentPort,
  owner: Owner,
  name: string,
  method: RpcWriting,
): void {
  const guard = createGuard(`${library} ${nameOf(owner, name)}`);
  patch(owner, name, (original) =>
    gated(original, (self, given) => {
      const context = guard.off ? undefined : place();
      if (context === undefined) return Reflect.apply(original, self, given);
      const call = senders.of(context.id);
      const sender = { context: call?.context ?? context, isPoint: call !== undefined };
      const injected = guarded(guard, () => {
        const args = Array.from(given);
        method.inject(args, carrier(agent, sender, method.socket(args, self as object)));
        return args;
      });
      const result: unknown = Reflect.apply(original, self, injected ?? given);
      if (call !== undefined && guarded(guard, () => method.isAll?.(given)) === true) endBy(result, call);
      return result;
    }),
  );
}

/** Makes a promise end a call whose own promise nobody may ever look at. */
function endBy(promise: unknown, call: Call): void {
  watch(
    promise,
    () => {
      call.resume();
      call.succeed(undefined);
    },
    (error) => {
      call.resume();
      call.fail(error);
    },
  );
}
