// NATS by `nats` 2 and `@nats-io/nats-core` 3, with JetStream: an `rpc` point for each message that is published, for each
// request, and for each message that is handled. Both packages are one library in two layouts.
import type { Socket } from 'node:net';

import { returnedPromise, returnedUntil, unobserved } from '../src/hooks/calls/ends.js';
import type { Instrumentation } from '../src/hooks/loading/modules.js';
import { calleesByName } from '../src/hooks/targets/callees.js';
import {
  type Callee,
  type Carrying,
  type Outcome,
  type RpcCall,
  type RpcDelivery,
  type RpcFile,
  type RpcIteration,
  type Serving,
  rpc,
} from '../src/hooks/targets/rpc.js';
import { overlay } from '../src/hooks/view.js';
import { isTraceHeader } from '../src/trace/headers.js';
import { createStamp } from '../src/trace/stamp.js';
import { endsByAnswer, failureIn, noteAnswer, watchClosing } from './nats-answers.js';
import { type Message, type Parsed, headersIn, innermost, isAcknowledged, kindOf, receivedIn, replyOf } from './nats-messages.js';

const to = calleesByName();
const unnamed: Callee = {};

// The subjects that answers go to are tokens, and none is there twice.
const inbox = '_INBOX';
/** JetStream is asked for messages again and again. */
const pull = /^\$JS\..*\.CONSUMER\.MSG\.NEXT\./;

interface Connection {
  readonly options?: { readonly inboxPrefix?: unknown };
}

const isInbox = (subject: string, { options }: Connection): boolean =>
  subject.startsWith(`${inbox}.`) ||
  (typeof options?.inboxPrefix === 'string' && subject.startsWith(`${options.inboxPrefix}.`));

function callee([subject]: readonly unknown[], connection: Connection): Callee | undefined {
  if (typeof subject !== 'string') return unnamed;
  if (pull.test(subject)) return undefined;
  return to(isInbox(subject, connection) ? inbox : subject);
}

const publish: RpcCall = { kind: 'producer', callee, ends: [unobserved] };
const request: RpcCall = {
  kind: 'client',
  callee,
  ends: [returnedPromise],
  succeeded: (answer): Outcome => {
    const hasHeaders = (innermost(answer)?._msg?.hdr ?? -1) > -1;
    const failure = hasHeaders ? failureIn((answer as { headers?: object }).headers) : undefined;
    return failure ?? { end: 'done', isAnswered: true };
  },
};
const requestMany: RpcCall = {
  kind: 'client',
  callee,
  // The answers come by an iterator.
  ends: [returnedUntil((answers) => (answers as { iterClosed?: Promise<unknown> }).iterClosed)],
};

/** A connection below its public face: it sends and receives. */
interface Protocol extends Connection {
  readonly transport?: { readonly socket?: Socket };
  readonly subscriptions?: { get(sid: unknown): Subscription | undefined };
}

interface Subscription {
  readonly subject?: unknown;
  /** It has a callback. */
  readonly noIterator?: unknown;
  readonly protocol?: Connection;
}

type Headers = Iterable<readonly [name: string, values: readonly string[]]> & {
  readonly code?: number;
  readonly description?: string;
  append(name: string, value: string): void;
};
type HeadersClass = new (code?: number, description?: string) => Headers;

/** The class of headers of each copy of the library, by the prototype of its connections. */
const headersClass = createStamp<HeadersClass>();

const carrying: Carrying = {
  socket: ({ transport }: Protocol) => transport?.socket,
  headers(args) {
    const [subject, , options] = args as [unknown, unknown, { headers?: object } | undefined];
    // What begins so is for the server itself, or is kept by it: entries of its stores of keys and objects.
    if (String(subject).startsWith('$') || String(subject).startsWith(`${inbox}.`)) return false;
    return options?.headers;
  },
  merge(given, ours, connection) {
    const { code, description } = (given ?? {}) as Headers;
    const Class = headersClass.of(Object.getPrototypeOf(connection))!;
    const copy = new Class(code, description);
    for (const [name, values] of (given as Headers | undefined) ?? []) {
      if (!isTraceHeader(name)) for (const value of values) copy.append(name, value);
    }
    for (const [name, value] of Object.entries(ours)) copy.append(name, value);
    return copy;
  },
  inject(args, headers) {
    const options = args[2] as object | undefined;
    // The library writes into the options that it is given.
    args[2] = options ? overlay(options, { headers }) : { headers };
  },
};

/** A message that a subscription's callback is called with. */
const processMsg: RpcDelivery = {
  delivers: true,
  callee(args, connection: Protocol) {
    const [parsed] = args as [Parsed];
    const { noIterator, subject } = connection.subscriptions?.get(parsed.sid) ?? {};
    if (noIterator !== true || typeof subject !== 'string' || isInbox(subject, connection)) return undefined;
    // What JetStream delivers is told apart below.
    return isAcknowledged(replyOf(parsed)) ? undefined : to(subject);
  },
  kindOf: ([parsed]) => kindOf({ _msg: parsed as Parsed }),
  receivedIn: (_self, parsed, data) => headersIn(parsed as Parsed, data as Uint8Array),
  ends(serving) {
    const reply = replyOf(serving.args[0] as Parsed);
    return reply !== undefined && endsByAnswer(serving.registered.self, reply, serving);
  },
};

/** What gives messages: a subscription, or messages of JetStream. */
interface Messages extends Subscription {
  readonly consumer?: Consumer;
  /** What those of an ordered consumer come from. */
  readonly src?: Messages;
  readonly cleanupHandler?: unknown;
  /** Those of `js.subscribe`. */
  readonly info?: { readonly stream?: unknown; readonly config?: Config } | null;
}

interface Consumer {
  readonly stream?: unknown;
  readonly ordered?: unknown;
  readonly _info?: { readonly config?: Config };
}
interface Config {
  readonly ack_policy?: unknown;
}

const ofStream = (stream: unknown): Callee | undefined => (typeof stream === 'string' ? to(stream) : undefined);

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
  if (isAcknowledged(reply) && !isAwaitingAck(serving.registered.self as Messages)) return false;
  return endsByAnswer(publisher, reply, serving);
}

const iterate: RpcIteration = {
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
const push: RpcDelivery = {
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

const classOf =
  (name: string) =>
  (exports: object): unknown =>
    (exports as Readonly<Record<string, unknown>>)[name];

/** The files of NATS itself. */
const core = (name: string, folder: string): readonly RpcFile[] => [
  {
    file: `${name}/${folder}/nats`,
    class: classOf('NatsConnectionImpl'),
    methods: { publish, request, requestMany },
  },
  {
    file: `${name}/${folder}/protocol`,
    class: classOf('ProtocolHandler'),
    methods: { processMsg, publish: { sends: carrying, sent: noteAnswer } },
    // All that is received is handled by what began to connect.
    outside: { dialLoop: true },
    also(prototype, load) {
      const { MsgHdrsImpl } = load(`${folder}/headers`) as { MsgHdrsImpl: HeadersClass };
      headersClass.put(prototype, MsgHdrsImpl);
      watchClosing(prototype);
    },
  },
  {
    file: `${name}/${folder}/queued_iterator`,
    class: classOf('QueuedIteratorImpl'),
    methods: { iterate },
  },
];

/** Those of JetStream. */
const stream = (name: string, folder: string): readonly RpcFile[] => [
  {
    file: `${name}/${folder}/jsclient`,
    class: classOf('JetStreamClientImpl'),
    methods: { publish: { ...publish, ends: [returnedPromise] } },
  },
  {
    file: `${name}/${folder}/consumer`,
    class: classOf('PullConsumerMessagesImpl'),
    methods: { _push: push },
    outside: { start: true },
  },
  {
    file: `${name}/${folder}/consumer`,
    class: classOf('PullConsumerImpl'),
    methods: {
      next: {
        kind: 'consumer',
        callee: (_args, { stream: its }: Consumer) => ofStream(its) ?? unnamed,
        ends: [returnedPromise],
      },
    },
  },
];

const made = (files: readonly RpcFile[]): Instrumentation => rpc({ library: 'nats', system: 'nats', files });

const old = 'nats';
/** `nats` 2. */
export const nats = made([...core(old, 'lib/nats-base-client'), ...stream(old, 'lib/jetstream')]);
/** `@nats-io/nats-core` 3. */
export const natsCore = made(core('@nats-io/nats-core', 'lib'));

const jetstream = '@nats-io/jetstream';
/** `@nats-io/jetstream` 3, which came with consumers that are pushed to. */
export const natsJetstream = made([
  ...stream(jetstream, 'lib'),
  {
    file: `${jetstream}/lib/pushconsumer`,
    class: classOf('PushConsumerMessagesImpl'),
    methods: { _push: push },
    outside: { start: true },
  },
]);
