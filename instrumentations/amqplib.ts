// AMQP 0-9-1 by amqplib 0.10 to 2: an `rpc` point for each message that is sent, one for each that is handled, and one
// for each that is asked for. A consumer has no other end than its acknowledgement: amqplib leaves what the consumer's
// function returns alone, and so do we.
import type { Socket } from 'node:net';

import type { End } from '../src/hooks/calls/call.js';
import { lastCallback, returnedPromise, unobserved } from '../src/hooks/calls/ends.js';
import { viewWith } from '../src/hooks/view.js';
import { calleesByName } from '../src/hooks/targets/callees.js';
import { type Callee, type RpcCall, type RpcHandler, rpc } from '../src/hooks/targets/rpc.js';
import { ends, watchAcknowledgements, watchClosing } from './amqplib-deliveries.js';

const named = calleesByName();
const unnamed: Callee = {};

// The names of the queues that replies go to are tokens, and none is there twice.
const replyTo = 'amq.rabbitmq.reply-to';

function to(destination: unknown): Callee {
  if (typeof destination !== 'string' || destination === '') return unnamed;
  return named(destination.startsWith(`${replyTo}.`) ? replyTo : destination);
}

interface Channel {
  readonly connection?: { readonly stream?: Socket };
}
interface Options {
  readonly headers?: object | null;
}
interface Message {
  readonly content?: unknown;
  readonly properties?: { readonly headers?: Readonly<Record<string, unknown>> };
}

const publish: RpcCall = {
  kind: 'producer',
  // The default exchange has no name: it hands a message to the queue of its key.
  callee: ([exchange, routingKey]) => to(exchange === '' ? routingKey : exchange),
  carries: {
    socket: ({ connection }: Channel) => connection?.stream,
    headers: (args) => (args[3] as Options | null | undefined)?.headers,
    inject(args, headers) {
      const options = args[3] as Options | null | undefined;
      args[3] = options ? viewWith(options, { headers }) : { headers };
    },
    content: 2,
  },
  // A channel without confirms tells nothing but that the message was written.
  ends: [unobserved],
};
const publishConfirmed: RpcCall = { ...publish, ends: [lastCallback, unobserved] };

const consume: RpcHandler = {
  kind: 'consumer',
  handler: 1,
  callee: ([queue]) => to(queue),
  extract(message) {
    // A consumer that is cancelled is told of no message.
    const headers = (message as Message | null)?.properties?.headers;
    return headers?.['x-trace-info'] === undefined && headers?.['X-Trace-Info'] === undefined
      ? undefined
      : headers;
  },
  content: (message) => (message as Message | null)?.content,
  ends,
};

const get = (end: End): RpcCall => ({ kind: 'consumer', callee: ([queue]) => to(queue), ends: [end] });
/** What the broker answers is told from its connection: callbacks are brought back. */
const replied: RpcCall = { kind: 'client', callee: () => undefined, ends: [lastCallback] };

const classOf =
  (name: string) =>
  (exports: object): unknown =>
    (exports as Readonly<Record<string, unknown>>)[name];

const model = (file: string, end: End): Parameters<typeof rpc>[0]['files'] => [
  {
    file: `amqplib/lib/${file}`,
    class: classOf('Channel'),
    methods: { publish, consume, get: get(end) },
    also: watchAcknowledgements,
  },
  { file: `amqplib/lib/${file}`, class: classOf('ConfirmChannel'), methods: { publish: publishConfirmed } },
];

export const amqplib = rpc({
  library: 'amqplib',
  system: 'rabbitmq',
  files: [
    {
      file: 'amqplib/lib/channel',
      class: classOf('Channel'),
      methods: { sendOrEnqueue: replied },
      also: watchClosing,
    },
    ...model('channel_model', returnedPromise),
    ...model('callback_model', lastCallback),
  ],
});
