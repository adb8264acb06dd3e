// Jobs of BullMQ 4 to 6 in Redis: an `rpc` point where jobs are added, and one below it for each time that a worker
// handles one of them. The trace travels among the job's options in Redis, and no application sees it there.
import type { Socket } from 'node:net';

import { returnedPromise } from '../src/hooks/calls/ends.js';
import { calleeOf } from '../src/hooks/targets/callees.js';
import {
  type Callee,
  type HeadersOf,
  type Outcome,
  type RpcCall,
  type RpcDelivery,
  type RpcSending,
  rpc,
} from '../src/hooks/targets/rpc.js';
import { type Job, hideTraces, receivedWith, withTrace } from './bullmq-jobs.js';

interface Named {
  readonly name?: unknown;
}
interface Flow extends Named {
  readonly queueName?: unknown;
}

/** Redis by ioredis, itself or one of its pipelines; other clients do not tell where they lead. */
interface Client {
  readonly stream?: Socket;
  readonly redis?: Client;
}

const adding = { kind: 'producer', carries: 'within', callsOut: true, ends: [returnedPromise] } as const;

const add: RpcCall = { ...adding, callee: ([name], { name: queue }: Named) => calleeOf(queue, name) };
const addBulk: RpcCall = { ...adding, callee: ([jobs], { name }: Named) => several(jobs, name) };
/** A scheduler's jobs come for as long as it is there: they are no part of the request that made it. */
const schedule: RpcCall = {
  ...adding,
  callee: ([id, , template], { name }: Named) => calleeOf(name, (template as Named | undefined)?.name ?? id),
};
const addFlow: RpcCall = {
  ...adding,
  callee: ([flow]) => calleeOf((flow as Flow | null)?.queueName, (flow as Flow | null)?.name),
};
const addFlows: RpcCall = {
  ...adding,
  callee([flows]) {
    const queues = new Set(Array.isArray(flows) ? (flows as Flow[]).map((flow) => flow?.queueName) : []);
    return several(flows, queues.size === 1 ? [...queues][0] : undefined);
  },
};

function several(list: unknown, queue: unknown): Callee {
  return Array.isArray(list) ? calleeOf(queue, undefined, { messages: list.length }) : calleeOf(queue);
}

const leadsTo = (client: Client | undefined): Socket | undefined => (client?.redis ?? client)?.stream;
/** A pipeline sends later, and several jobs at once. */
const isAlone = ([client]: readonly unknown[]): boolean =>
  (client as Client | undefined)?.redis === undefined;

const leads = (_self: object, [client]: [Client?]): Socket | undefined => leadsTo(client);
/** Up to BullMQ 5, the options that are written are an argument of their own. */
const writeOptions: RpcSending = {
  isAll: isAlone,
  sends: {
    socket: leads,
    injectEach(args: unknown[], headersOf: HeadersOf) {
      args[2] = withTrace(args[2] as object, headersOf);
    },
  },
};
const writeJob: RpcSending = {
  isAll: isAlone,
  sends: {
    socket: leads,
    injectEach(args: unknown[], headersOf: HeadersOf) {
      const job = args[1] as Job;
      args[1] = { ...job, opts: withTrace(job.opts, headersOf) };
    },
  },
};

/** By these errors, a function says that its job goes on later. */
const later: Readonly<Record<string, string>> = {
  DelayedError: 'delayed',
  RateLimitError: 'rate-limited',
  WaitingError: 'waiting',
  WaitingChildrenError: 'waiting-children',
};

function putOff(error: unknown): Outcome | undefined {
  const { name, message } = Object(error) as { readonly name?: unknown; readonly message?: unknown };
  const kind = message === 'bullmq:rateLimitExceeded' ? 'RateLimitError' : String(name);
  return Object.hasOwn(later, kind) ? { end: 'done', status: later[kind]! } : undefined;
}

const process: RpcDelivery = {
  delivers: true,
  kindOf: () => 'consumer',
  callee([job], { name }: Named) {
    const { name: kind, attemptsMade = 1, attemptsStarted: attempt = attemptsMade } = job as Job;
    return attempt > 1 ? calleeOf(name, kind, { attempt }) : calleeOf(name, kind);
  },
  receivedIn: (_worker, job) => receivedWith(job),
  ends: 'promise',
  failed: putOff,
};

const fileOf = (name: string, exported: string) => ({
  file: `bullmq/dist/cjs/classes/${name}`,
  class: (exports: object): unknown => (exports as Readonly<Record<string, unknown>>)[exported],
});
const upTo5 = ['4.0.0', '6.0.0'] as const;
const from6 = ['6.0.0', '7.0.0'] as const;

export const bullmq = rpc({
  library: 'bullmq',
  system: 'bullmq',
  files: [
    { ...fileOf('queue', 'Queue'), methods: { add, addBulk } },
    {
      ...fileOf('queue', 'Queue'),
      versions: ['5.16.0', '7.0.0'],
      methods: { upsertJobScheduler: schedule },
    },
    { ...fileOf('flow-producer', 'FlowProducer'), methods: { add: addFlow, addBulk: addFlows } },
    // Its loop asks Redis for jobs for as long as the worker is there.
    { ...fileOf('worker', 'Worker'), methods: { callProcessJob: process }, apart: ['run'] },
    // So does this one's for events, which are those of all requests.
    { ...fileOf('queue-events', 'QueueEvents'), apart: ['run'] },
    // A process or a thread that handles jobs is kept for those of other requests.
    { ...fileOf('child-pool', 'ChildPool'), apart: ['retain'] },
    { ...fileOf('job', 'Job'), also: hideTraces },
    { ...fileOf('scripts', 'Scripts'), versions: upTo5, methods: { addJob: writeOptions } },
    {
      ...fileOf('redis-queue-backend', 'RedisQueueBackend'),
      versions: from6,
      methods: { addJobToTransaction: writeJob },
    },
  ],
});
