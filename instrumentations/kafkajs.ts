// Kafka by kafkajs 2: an `rpc` point for each call that sends messages, and one for each message or batch of them that a
// consumer handles.
import type { Socket } from 'node:net';

import { returnedPromise } from '../src/hooks/calls/ends.js';
import { calleeOf } from '../src/hooks/targets/callees.js';
import {
  type Callee,
  type HeadersOf,
  type Registration,
  type RpcCall,
  type RpcMethod,
  type RpcSending,
  rpc,
} from '../src/hooks/targets/rpc.js';

interface Message {
  readonly key?: unknown;
  readonly value?: unknown;
  readonly partition?: unknown;
  readonly timestamp?: unknown;
  readonly headers?: object | null;
}
interface Messages {
  readonly topic?: unknown;
  readonly messages?: readonly Message[];
}

const sending = { kind: 'producer', carries: 'within', ends: [returnedPromise] } as const;

const send: RpcCall = { ...sending, callee: ([request]) => to([request as Messages]) };
const sendBatch: RpcCall = {
  ...sending,
  callee: ([request]) => to((request as { topicMessages?: readonly Messages[] }).topicMessages ?? []),
};

function to(all: readonly Messages[]): Callee {
  const topics = new Set(all.map(({ topic }) => topic));
  const messages = all.reduce((sum, each) => sum + (each.messages?.length ?? 0), 0);
  const topic = topics.size === 1 ? [...topics][0] : undefined;
  return messages === 1 ? calleeOf(topic) : calleeOf(topic, undefined, { messages });
}

const producer: Readonly<Record<string, RpcMethod>> = { send, sendBatch };

interface Broker {
  readonly connectionPool?: { readonly pool: readonly { readonly socket?: Socket }[] };
}
interface Partitions {
  readonly partitions: readonly { readonly messages: readonly Message[] }[];
}

/** Which broker a message goes to turns out when it is sent. */
const produce: RpcSending = {
  sends: {
    // The other connection of the pool is for fetching.
    socket: ({ connectionPool }: Broker) => connectionPool?.pool[0]?.socket,
    injectEach(args: unknown[], headersOf: HeadersOf) {
      const request = args[0] as { readonly topicData: readonly Partitions[] };
      const topicData = request.topicData.map((topic) => ({
        ...topic,
        partitions: topic.partitions.map((partition) => ({
          ...partition,
          messages: partition.messages.map((message) => withHeaders(message, headersOf)),
        })),
      }));
      args[0] = { ...request, topicData };
    },
  },
};

function withHeaders(message: Message, headersOf: HeadersOf): Message {
  const headers = headersOf(message.headers);
  if (headers === undefined) return message;
  // All that kafkajs writes, wherever the application's object has it.
  const { key, value, partition, timestamp } = message;
  return { key, value, partition, timestamp, headers };
}

function carries({ headers }: Message): boolean {
  const all = headers as Readonly<Record<string, unknown>> | null | undefined;
  // As we write it, and as OSProfiler does.
  return all?.['x-trace-info'] !== undefined || all?.['X-Trace-Info'] !== undefined;
}

const eachMessage: Registration = {
  calleeOf: (first) => calleeOf((first as Messages).topic),
  extract(first) {
    const { message } = first as { readonly message: Message };
    return carries(message) ? message.headers : undefined;
  },
};
const eachBatch: Registration = {
  isBatch: true,
  calleeOf(first) {
    const { topic, messages = [] } = (first as { readonly batch: Messages }).batch;
    return calleeOf(topic, undefined, { messages: messages.length });
  },
  extract(first) {
    const { messages = [] } = (first as { readonly batch: Messages }).batch;
    for (let i = 0; i < messages.length; i++) {
      if (carries(messages[i]!)) return messages.map(({ headers }) => headers);
    }
    return undefined;
  },
};

export const kafkajs = rpc({
  library: 'kafkajs',
  system: 'kafka',
  files: [
    {
      file: 'kafkajs/src/index',
      methods: {
        producer: { gives: { ...producer, transaction: { gives: producer } } },
        consumer: { gives: { run: { registers: { eachMessage, eachBatch } } } },
      },
    },
    { file: 'kafkajs/src/broker/index', methods: { produce } },
  ],
});
