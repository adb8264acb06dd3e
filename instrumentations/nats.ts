// NATS by `nats` 2 and `@nats-io/nats-core` 3, with JetStream: an `rpc` point for each message that is published, for each
// request, and for each message that is handled. Both packages are one library in two layouts.
import type { Socket } from 'node:net';

import { returnedPromise, returnedUntil, unobserved } from '../src/hooks/calls/ends.js';
import type { Instrumentation } from '../src/hooks/loading/modules.js';
import {
  type Callee,
  type Carrying,
  type Outcome,
  type RpcCall,
  type RpcDelivery,
  type RpcFile,
  rpc,
} from '../src/hooks/targets/rpc.js';
import { overlay } from '../src/hooks/view.js';
import { isTraceHeader } from '../src/trace/headers.js';
import { createStamp } from '../src/trace/stamp.js';
import { endsByAnswer, failureIn, noteAnswer, watchClosing } from './nats-answers.js';
import { type Consumer, type Subscription, iterate, ofStream, push } from './nats-consumers.js';
import { type Parsed, headersIn, innermost, isAcknowledged, kindOf, replyOf } from './nats-messages.js';
import { answered, watchAnswers, watchRequests } from './nats-requests.js';
import { type Connection, inbox, isInbox, pull, to, unnamed } from './nats-subjects.js';

function callee([subject]: readonly unknown[], connection: Connection): Callee | undefined {
  if (typeof subject !== 'string') return unnamed;
  if (pull.test(subject)) return undefined;
  return to(isInbox(subject, connection) ? inbox : subject);
}

const publish: RpcCall = { kind: 'producer', callee, ends: [unobserved] };
const request: RpcCall = {
  kind: 'client',
  callee,
  ends: [answered],
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
    // A subject that begins so is for the server itself, or is kept by it: entries of its stores of keys and objects.
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
    // Messages that JetStream delivers are told apart below.
    return isAcknowledged(replyOf(parsed)) ? undefined : to(subject);
  },
  kindOf: ([parsed]) => kindOf({ _msg: parsed as Parsed }),
  receivedIn: (_self, parsed, data) => headersIn(parsed as Parsed, data as Uint8Array),
  ends(serving) {
    const reply = replyOf(serving.args[0] as Parsed);
    return reply !== undefined && endsByAnswer(serving.registered.self, reply, serving);
  },
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
      watchRequests(prototype);
    },
  },
  { file: `${name}/${folder}/request`, class: classOf('RequestOne'), also: watchAnswers },
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
