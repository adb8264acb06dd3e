// The caller's side: calls of remote procedures, and messages that are sent. They are hooked as a database's methods are.
import type { Socket } from 'node:net';

import type { Sender } from '../../propagation/recipients.js';
import { carriedIn } from '../../trace/carried.js';
import { ending } from '../../trace/cancelled.js';
import { type Context, isRecorded, place } from '../../trace/context.js';
import { isTraceHeader } from '../../trace/headers.js';
import { watch } from '../../trace/returned.js';
import type { VerifiedTrace } from '../../trace/signing.js';
import { createStamp } from '../../trace/stamp.js';
import type { PointStart } from '../../trace/vocabulary.js';
import type { Call, MethodHook } from '../calls/call.js';
import { gated } from '../calls/method.js';
import type { PublishedHook } from '../calls/published.js';
import { createGuard, guarded } from '../guard.js';
import { patch } from '../patch.js';
import type { AgentPort } from '../port.js';
import { type Owner, nameOf } from './files.js';
import type {
  Carrying,
  CarryingEach,
  HeadersOf,
  Rpc,
  RpcCall,
  RpcChannel,
  RpcSending,
} from './rpc-contract.js';
import { failureOf, startsOf, stopOf } from './rpc-words.js';

const none: readonly PointStart[] = [];

/** The hook of a method by which the application calls something. */
export function callHook(
  { library, system }: Rpc,
  agent: AgentPort,
  owner: Owner,
  name: string,
  method: RpcCall,
): MethodHook {
  const { callsOut, carries, failed, isCarrier, succeeded } = method;
  const startOf = startsOf(method.kind, system);
  const startOfAnswered = startsOf('client', system);
  return {
    library,
    what: nameOf(owner, name),
    ends: method.ends,
    start(self, args, caller) {
      if (caller.library === library || (isCarrier === true && caller.library !== '')) return none;
      const callee = method.callee(args, self);
      if (callee === undefined) return none;
      return method.isAnswered?.(args) === true ? startOfAnswered(callee) : startOf(callee);
    },
    stop: (result, context) => succeeded && stopOf(succeeded(result), context),
    failed(error, context) {
      const outcome = failed?.(error, context);
      return outcome === undefined ? ending(error) : failureOf(outcome, context);
    },
    ...(callsOut === true && { callsOut: () => true }),
    ...(carries !== undefined && {
      around(call) {
        const { args, caller, context, self } = call;
        if (carries === 'within') {
          if (context !== undefined) senders.put(context.id, call);
          return call.proceed();
        }
        const sent = { args, self, place: context ?? caller, isPoint: context !== undefined };
        guarded(call.guard, () => carry(agent, carries, sent));
        return call.proceed();
      },
    }),
  };
}

/** The calls whose messages methods below them send, by the ids of their points. */
const senders = createStamp<Call>();

/**
 * Hooks the method by which a library sends the messages of its calls. The context tells whose call a message is of: the
 * library runs in it.
 */
export function hookSending(
  { library }: Rpc,
  agent: AgentPort,
  owner: Owner,
  name: string,
  { sends, sent, isAll }: RpcSending,
): void {
  const guard = createGuard(`${library} ${nameOf(owner, name)}`);
  patch(owner, name, (original) =>
    gated(original, (self, given) => {
      const args = Array.from(given);
      const here = place();
      const call = here && senders.of(here.id);
      guarded(guard, () => {
        if (here?.library === library || call !== undefined) {
          const isPoint = call !== undefined || isRecorded(here!);
          const message = { args, self: self as object, place: call?.context ?? here, isPoint };
          if ('injectEach' in sends) carryEach(agent, sends, message);
          else carry(agent, sends, message);
        }
        sent?.(args, self as object);
      });
      const result: unknown = Reflect.apply(original, self, args);
      if (call !== undefined && guarded(guard, () => isAll?.(given)) === true) endBy(result, call);
      return result;
    }),
  );
}

/** A message that is about to be sent. */
interface Sent {
  /** Our copy of the arguments that it is sent by. */
  readonly args: unknown[];
  readonly self: object;
  readonly place: Context | undefined;
  /** Whether that is the place of a point. */
  readonly isPoint: boolean;
}

/** Puts the trace's headers into a message, if whoever can read them may have them. */
function carry(
  agent: AgentPort,
  { socket, headers, merge, inject, content }: Carrying,
  { args, self, place: here, isPoint }: Sent,
): void {
  if (here === undefined) return;
  const given = headers(args, self);
  if (given === false) return;
  const ours = ourHeaders(agent, { context: here, isPoint }, socket(self), carriedIn(given));
  if (ours === undefined) return;
  inject(args, merge?.(given, ours, self) ?? merged(given, ours));
  if (content !== undefined && agent.oslo?.write !== undefined) {
    args[content] = agent.oslo.write(args[content], sentBy(here)) ?? args[content];
  }
}

/** The ids that name a place in a trace to another process. */
export const sentBy = ({ trace, id }: Context): VerifiedTrace => ({
  base_id: trace.base_id,
  parent_id: id.text,
  hmac_key: trace.hmac_key,
});

/** The hook of a channel. Each published call is a point: a call within another one is published as a part of its own. */
export function publishedHook(
  { system }: Rpc,
  channel: string,
  { kind, callee, succeeded }: RpcChannel,
): PublishedHook {
  const startOf = startsOf(kind, system);
  return {
    channel,
    library: '',
    start(message) {
      const called = callee(message);
      return called === undefined ? none : startOf(called);
    },
    stop: (message, context) =>
      succeeded && stopOf(succeeded((message as { readonly result?: unknown }).result), context),
  };
}

/** Puts the trace's headers into several messages. Those without a trace of their own get the same ones. */
function carryEach(
  agent: AgentPort,
  { socket, injectEach }: CarryingEach,
  { args, self, place: here, isPoint }: Sent,
): void {
  if (here === undefined) return;
  const connection = socket(self, args);
  const decide = (found: Headers): Headers | undefined =>
    ourHeaders(agent, { context: here, isPoint }, connection, found);
  let usual: { readonly ours: Headers | undefined } | undefined;
  const headersOf: HeadersOf = (given) => {
    const found = carriedIn(given);
    const isUsual = Object.keys(found).length === 0;
    const ours = isUsual ? (usual ??= { ours: decide(found) }).ours : decide(found);
    return ours && merged(given, ours);
  };
  injectEach(args, headersOf);
}

type Headers = Readonly<Record<string, string>>;

/** The headers that a message carries, with names in lower case; undefined where it stays as it is. */
function ourHeaders(
  agent: AgentPort,
  sender: Sender,
  socket: Socket | undefined,
  found: Headers,
): Headers | undefined {
  const carried = agent.messageHeaders(sender, { socket }, (name) => [found[name] ?? []].flat());
  return (
    carried &&
    Object.fromEntries(Object.entries(carried).map(([name, value]) => [name.toLowerCase(), value] as const))
  );
}

function merged(given: object | null | undefined, ours: Headers): object {
  const others = Object.entries(given ?? {}).filter(([name]) => !isTraceHeader(name));
  return { ...Object.fromEntries(others), ...ours };
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
