// Which versions the tests run: the lowest that is supported, the newest, the last of each major in between,
// and both sides of each change of what is hooked or leaned on.
import { versions, versionsOf } from '../../instrumentations/targets.js';
import { lockedVersion } from './installed.js';

/** Packages that are installed together, the one that the row is about first. */
export interface Row {
  readonly packages: Readonly<Record<string, string>>;
  readonly because: string;
  /** The styles that do something else here. */
  readonly differs?: Readonly<Record<string, string>>;
}

const lowest = (name: string): string => versions[name]![0][0];

const newestPg = Object.fromEntries(
  ['pg', 'pg-pool', 'pg-cursor', 'pg-query-stream'].map((name) => [name, lockedVersion(name)]),
);
const { 'pg-pool': _newest, ...withoutPool } = newestPg;

export const pgRows: readonly Row[] = [
  {
    packages: {
      pg: lowest('pg'),
      'pg-pool': '3.1.1',
      'pg-cursor': lowest('pg-cursor'),
      'pg-query-stream': lowest('pg-query-stream'),
    },
    because: 'the lowest: pg 8.0.2 never connects on the Nodes that are supported',
  },
  {
    packages: { pg: '8.3.0', 'pg-pool': '3.2.1', 'pg-cursor': '2.3.0', 'pg-query-stream': '3.2.0' },
    because: 'the last Client that is a function',
  },
  {
    packages: { pg: '8.3.2', 'pg-pool': '3.2.1', 'pg-cursor': '2.5.2', 'pg-query-stream': '3.4.2' },
    because: 'the first Client that is a class; the last pg-query-stream 3',
  },
  {
    packages: { pg: '8.12.0', 'pg-pool': '3.6.2', 'pg-cursor': '2.11.0', 'pg-query-stream': '4.6.0' },
    because: 'the last pg-pool that gives the promise which it makes',
  },
  {
    packages: { pg: '8.14.1', 'pg-pool': '3.8.0', 'pg-cursor': '2.13.1', 'pg-query-stream': '4.8.1' },
    because: 'a pg-pool that gives a promise made of that one; the last pg without `exports`',
  },
  {
    packages: { pg: '8.15.6', 'pg-pool': '3.9.6', 'pg-cursor': '2.14.6', 'pg-query-stream': '4.9.6' },
    because: 'an ES module of its own for `import`',
  },
  { packages: newestPg, because: 'the newest' },
  {
    packages: { 'pg-pool': lowest('pg-pool'), ...withoutPool },
    because: 'the lowest pg-pool, which works with pg 8 but comes with pg 7',
  },
  {
    packages: { 'pg-pool': '2.0.10', ...withoutPool },
    because: 'the last pg-pool 2',
  },
];

export const mysql2Rows: readonly Row[] = [
  {
    packages: { mysql2: lowest('mysql2') },
    because: 'the lowest',
    // Its clusters have no `query`.
    differs: { cluster: '' },
  },
  { packages: { mysql2: '2.3.3' }, because: 'the last mysql2 2' },
  { packages: { mysql2: '3.0.0' }, because: 'the first mysql2 3' },
  { packages: { mysql2: '3.11.4' }, because: 'the last one with the methods in the classes themselves' },
  { packages: { mysql2: versionsOf('mysql2')[1][0] }, because: 'the first one with base classes' },
  { packages: { mysql2: '3.19.1' }, because: 'the last one without tracing channels' },
  { packages: { mysql2: '3.20.0' }, because: 'the first one with tracing channels' },
  { packages: { mysql2: lockedVersion('mysql2') }, because: 'the newest' },
];

export const undiciRows: readonly Row[] = [
  { packages: { undici: lowest('undici') }, because: 'the lowest' },
  { packages: { undici: '5.29.0' }, because: 'the last undici 5' },
  { packages: { undici: '6.29.1' }, because: 'the last undici 6' },
  { packages: { undici: lockedVersion('undici') }, because: 'the last undici 7' },
  { packages: { undici: '8.12.4' }, because: 'the newest' },
];

export const ioredisRows: readonly Row[] = [
  { packages: { ioredis: lowest('ioredis') }, because: 'the lowest' },
  { packages: { ioredis: '5.11.1' }, because: 'the last ioredis 5, which publishes on tracing channels' },
  { packages: { ioredis: lockedVersion('ioredis') }, because: 'the newest' },
];

// The isolated clients of redis 4 are no pool of its own.
const without = { 'pooled b': 'db(sql) db(sql)', 'pooled c': 'db(sql) db(sql)' };

export const redisRows: readonly Row[] = [
  {
    packages: { redis: lowest('redis'), '@redis/client': lowest('@redis/client') },
    because: 'the lowest with `@redis/client`',
    differs: without,
  },
  { packages: { redis: '4.7.1', '@redis/client': '1.6.1' }, because: 'the last redis 4', differs: without },
  {
    packages: { redis: '5.0.0', '@redis/client': '5.0.0' },
    because: 'the first redis 5, with another queue and pools',
  },
  {
    packages: { redis: '5.12.1', '@redis/client': '5.12.1' },
    because: 'the last redis 5, which publishes on tracing channels',
  },
  {
    packages: { redis: lockedVersion('redis'), '@redis/client': lockedVersion('@redis/client') },
    because: 'the newest',
  },
];

export const grpcRows: readonly Row[] = [
  {
    packages: { '@grpc/grpc-js': lowest('@grpc/grpc-js') },
    because: 'the lowest',
    differs: {
      // The error overtakes the message, and what the server is told of is no deadline.
      'stream error': 'client!NOT_FOUND(server!NOT_FOUND)',
    },
  },
  { packages: { '@grpc/grpc-js': '1.7.3' }, because: 'the last one whose channels have streams as calls' },
  { packages: { '@grpc/grpc-js': '1.8.22' }, because: 'the last 1.8, the first with retries' },
  { packages: { '@grpc/grpc-js': '1.9.15' }, because: 'the last one without interceptors at the server' },
  { packages: { '@grpc/grpc-js': '1.10.0' }, because: 'the first one with interceptors at the server' },
  { packages: { '@grpc/grpc-js': lockedVersion('@grpc/grpc-js') }, because: 'the newest' },
];

export const amqplibRows: readonly Row[] = [
  { packages: { amqplib: lowest('amqplib') }, because: 'the lowest: its channels are classes' },
  { packages: { amqplib: '0.10.9' }, because: 'the last amqplib 0' },
  { packages: { amqplib: '1.2.0' }, because: 'the last amqplib 1' },
  { packages: { amqplib: lockedVersion('amqplib') }, because: 'the newest' },
];

export const piscinaRows: readonly Row[] = [
  {
    packages: { piscina: lowest('piscina') },
    because: 'the lowest: the first one with a file for its workers',
  },
  { packages: { piscina: '4.9.4' }, because: 'the last piscina 4' },
  { packages: { piscina: '5.0.0' }, because: 'the first one with a balancer' },
  { packages: { piscina: lockedVersion('piscina') }, because: 'the newest' },
];

export const routeRows: readonly Row[] = [
  { packages: { express: lowest('express') }, because: 'the lowest' },
  { packages: { express: '4.22.3' }, because: 'the last Express 4' },
  { packages: { express: '5.0.0', router: lowest('router') }, because: 'the first Express 5' },
  { packages: { express: '5.3.0', router: '2.3.0' }, because: 'the newest; its layers keep their patterns' },
  { packages: { fastify: lowest('fastify') }, because: 'the lowest' },
  { packages: { fastify: '4.29.1' }, because: 'the last Fastify 4' },
  { packages: { fastify: '5.12.8' }, because: 'the newest' },
  { packages: { koa: lowest('koa'), 'koa-router': '7.4.0' }, because: 'the lowest' },
  { packages: { koa: '2.16.4', '@koa/router': '12.0.2' }, because: 'the last Koa 2' },
  { packages: { koa: '3.3.0', '@koa/router': '15.7.0' }, because: 'the newest' },
];

export const mqttRows: readonly Row[] = [
  { packages: { mqtt: lowest('mqtt') }, because: 'the lowest' },
  { packages: { mqtt: lockedVersion('mqtt') }, because: 'the newest' },
];

export const webSocketRows: readonly Row[] = [
  { packages: { ws: lowest('ws') }, because: 'the lowest' },
  { packages: { ws: '7.5.14' }, because: 'the last ws 7' },
  { packages: { ws: lockedVersion('ws') }, because: 'the newest' },
];

const socketIo = (version: string): Record<string, string> => ({
  'socket.io': version,
  'socket.io-client': lockedVersion('socket.io-client'),
});

export const socketIoRows: readonly Row[] = [
  {
    packages: socketIo(lowest('socket.io')),
    because: 'the lowest',
    // Nobody waits for so long: 4.4 brought `timeout`, 4.5 that of several sockets.
    differs: { 'answered in time': '', 'not answered in time': '', 'all are asked': '' },
  },
  { packages: socketIo(lockedVersion('socket.io')), because: 'the newest' },
];

const core3 = (version: string): Record<string, string> => ({
  '@nats-io/nats-core': version,
  '@nats-io/transport-node': version,
  '@nats-io/jetstream': version,
});
/** `nats` 2 has one class for all errors, and asks for an ordered consumer when it begins to consume. */
const nats2 = {
  'wrong subject': 'producer!NatsError',
  'wrong payload': 'producer!NatsError',
  'not answered': 'client!NatsError(server!Aborted(served))',
  'nobody serves': 'client!NatsError',
  'in order': 'client after',
  'sent when closed': 'producer!NatsError',
};

export const natsRows: readonly Row[] = [
  { packages: { nats: lowest('nats') }, because: 'the lowest', differs: nats2 },
  { packages: { nats: lockedVersion('nats') }, because: 'the newest nats 2', differs: nats2 },
  { packages: core3(lowest('@nats-io/nats-core')), because: 'the lowest' },
  { packages: core3(lockedVersion('@nats-io/nats-core')), because: 'the newest' },
];

// What is moved gets another list of what is transferred, by which its task would be known.
const moved = { moved: 'client', thread: 'thread_main?(begun done)' };

export const tinypoolRows: readonly Row[] = [
  {
    packages: { tinypool: lowest('tinypool') },
    because: 'the lowest: the first one with one build',
    // It asks the system for the number of its processors.
    differs: { ...moved, command: '' },
  },
  {
    packages: { tinypool: '1.1.1' },
    because: 'the last tinypool 1',
    differs: { ...moved, command: '' },
  },
  { packages: { tinypool: lockedVersion('tinypool') }, because: 'the newest', differs: moved },
];

export const graphqlRows: readonly Row[] = [
  { packages: { graphql: lowest('graphql') }, because: 'the lowest' },
  { packages: { graphql: '16.15.0' }, because: 'the last graphql 16' },
  { packages: { graphql: versionsOf('graphql')[1][0] }, because: 'the first one that publishes its calls' },
  { packages: { graphql: '17.1.0' }, because: 'the newest' },
];

const withExpress = (version: string): Record<string, string> => ({
  '@trpc/server': version,
  express: '5.3.0',
});
/** It streams no answers, and has no routers that are loaded later. */
const trpc10 = {
  'a stream': '',
  'a subscription': '',
  'an iterable': '',
  'a subscription that fails': '',
  'a subscription that is left': '',
  'loaded when needed': '',
  'loaded then': '',
};

export const trpcRows: readonly Row[] = [
  { packages: withExpress(lowest('@trpc/server')), because: 'the lowest', differs: trpc10 },
  { packages: withExpress('10.45.4'), because: 'the last tRPC 10', differs: trpc10 },
  { packages: withExpress('11.0.0'), because: 'the first tRPC 11' },
  { packages: withExpress('11.25.2'), because: 'the newest' },
];

const connect = (version: string, protobuf: string): Record<string, string> => ({
  '@connectrpc/connect': version,
  '@connectrpc/connect-node': version,
  '@bufbuild/protobuf': protobuf,
});

/** Its server does not see that a client of HTTP/1 is gone. */
const connect1 = { 'cancelled by HTTP/1': '', 'a stream that is given up by HTTP/1': '' };

export const connectRows: readonly Row[] = [
  { packages: connect(lowest('@connectrpc/connect'), '1.10.1'), because: 'the lowest', differs: connect1 },
  { packages: connect('1.7.0', '1.10.1'), because: 'the last Connect 1', differs: connect1 },
  {
    packages: {
      ...connect('2.0.2', '2.17.0'),
      '@connectrpc/connect-express': '2.0.2',
      '@connectrpc/connect-fastify': '2.0.2',
      express: '5.3.0',
      fastify: '5.12.8',
    },
    because: 'the first Connect 2 with its adapters for Fastify and Express',
    differs: {
      'by Fastify': 'client(http(wsgi(server(served))))',
      'by Express': 'client(http(wsgi(server(served))))',
    },
  },
  {
    packages: connect('2.3.0', '2.17.0'),
    because: 'the newest',
  },
];

/** From 6 on, it leaves the choice of the client to the application. */
const withClient = { ioredis: '5.11.1' };

export const bullmqRows: readonly Row[] = [
  { packages: { bullmq: lowest('bullmq') }, because: 'the lowest' },
  { packages: { bullmq: '4.18.3' }, because: 'the last bullmq 4' },
  { packages: { bullmq: '5.15.0' }, because: 'the last one without job schedulers' },
  { packages: { bullmq: '5.81.5' }, because: 'the last bullmq 5' },
  { packages: { bullmq: versionsOf('bullmq')[1][0], ...withClient }, because: 'the first bullmq 6' },
  { packages: { bullmq: lockedVersion('bullmq'), ...withClient }, because: 'the newest' },
];

export const kafkajsRows: readonly Row[] = [
  { packages: { kafkajs: lowest('kafkajs') }, because: 'the lowest' },
  { packages: { kafkajs: lockedVersion('kafkajs') }, because: 'the newest' },
];

/** All of them, in the order of the pages. */
export const allRows: readonly Row[] = [
  ...pgRows,
  ...mysql2Rows,
  ...ioredisRows,
  ...redisRows,
  ...undiciRows,
  ...grpcRows,
  ...amqplibRows,
  ...bullmqRows,
  ...kafkajsRows,
  ...natsRows,
  ...mqttRows,
  ...piscinaRows,
  ...tinypoolRows,
  ...graphqlRows,
  ...trpcRows,
  ...connectRows,
  ...webSocketRows,
  ...socketIoRows,
  ...routeRows,
];
