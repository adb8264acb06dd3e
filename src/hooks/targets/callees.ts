// Gives one object for each callee of messages, because what a point says of an object is encoded once.
import type { Callee } from './rpc.js';

const callees = new Map<string, Callee>();
/** Names may be made anew for each message: those of the queues for replies, for example. */
const mostCallees = 1000;

/** What a point says beside the names. */
type More = Pick<Callee, 'attempt' | 'messages'>;
const nothing: More = {};

/**
 * The callee of a message.
 *
 * @param destination the queue or the topic; what is no text, or an empty one, is not said
 * @param method the kind of message, where there are kinds
 */
export function calleeOf(destination: unknown, method?: unknown, more: More = nothing): Callee {
  const [to, kind] = [textOf(destination), textOf(method)];
  const { attempt, messages } = more;
  const key =
    more === nothing && kind === undefined ? (to ?? '') : JSON.stringify([to, kind, attempt, messages]);
  let callee = callees.get(key);
  if (callee === undefined) {
    callee = {
      ...(to !== undefined && { destination: to }),
      ...(kind !== undefined && { method: kind }),
      ...more,
    };
    if (callees.size < mostCallees) callees.set(key, callee);
  }
  return callee;
}

const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;
