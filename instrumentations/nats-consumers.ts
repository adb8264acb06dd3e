// A part of `nats.ts`: messages that a loop takes from a subscription or a consumer of JetStream, and those that the
// callback of such a consumer is called with.
import type { Callee, RpcDelivery, RpcIteration, Serving } from '../src/hooks/targets/rpc.js';
import { endsByAnswer } from './nats-answers.js';
import { type Message, innermost, isAcknowledged, kindOf, receivedIn, replyOf } from './nats-messages.js';
import { type Connection, isInbox, to } from './nats-subjects.js';

export interface Subscription {
  readonly subject?: unknown;
  /** It has a callback. */
  readonly noIterator?: unknown;
  readonly protocol?: Connection;
}

/** The source of messages: a subscription, or messages of JetStream. */
interface Messages extends Subscription {
  readonly consumer?: Consumer;
  /** The source of an ordered consumer's messages. */
  readonly src?: Messages;
  readonly cleanupHandler?: unknown;
  /** Those of `js.subscribe`. */
  readonly info?: { readonly stream?: unknown; readonly config?: Config } | null;
}

export interface Consumer {
  readonly stream?: unknown;
  readonly ordered?: unknown;
  readonly _info?: { readonly config?: Config };
}
interface Config {
  readonly ack_policy?: unknown;
}

export const ofStream = (stream: unknown): Callee | undefined =>
  typeof stream === 'string' ? to(stream) : undefined;

/** Whether messages have to be acknowledged. */
function isAwaitingAck({ consumer, src, info }: Messages): boolean {
  if (src !== undefined || consumer?.ordered === true) return false;
  const { ack_policy: policy = 'none' } = (consumer?._info ?? info)?.config ?? {};
  return policy !== 'none';
}

function ends(serving: Serving): boolean {
  const { _msg = {}, publisher } = innermost(serving.args[0]) ?? {};
  const reply = replyOf(_msg);
  if (reply === undefined || publisher === undefined) return false;
  if (isAcknowledged(reply) && !isAwaitingAck(serving.registered.self)) return false;
  return endsByAnswer(publisher, reply, serving);
}

export const iterate: RpcIteration = {
  iterates: true,
  calleeOf({ consumer, src, info, subject, protocol = {} }: Messages) {
    if (consumer !== undefined || src !== undefined) return ofStream((consumer ?? src?.consumer)?.stream);
    if (info?.stream !== undefined) return ofStream(info.stream);
    // Answers and events come by such iterators too.
    return typeof subject !== 'string' || isInbox(subject, protocol) ? undefined : to(subject);
  },
  kindOf: (message) => kindOf(innermost(message) as Message),
  receivedIn,
  ends,
};

/** A message that the callback of a consumer of JetStream is called with. */
export const push: RpcDelivery = {
  delivers: true,
  callee: ([message], { cleanupHandler, consumer, noIterator }: Messages) =>
    // An ordered consumer of `nats` 2 hands its messages on.
    noIterator !== true || typeof message === 'function' || cleanupHandler !== undefined
      ? undefined
      : ofStream(consumer?.stream),
  kindOf: () => 'consumer',
  receivedIn: (_self, message) => receivedIn(message),
  ends,
};
