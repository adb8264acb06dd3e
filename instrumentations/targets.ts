// The table of all targets: the name of each, the option that switches it, the versions that are supported, and how
// its instrumentation is loaded. The options, the tables of the pages and the matrix of tested versions are made from
// it.
import type { Instrumentation } from '../src/hooks/loading/modules.js';
import type { VersionRange } from '../src/hooks/loading/version-range.js';
import type { AgentPort } from '../src/hooks/port.js';

interface Row {
  /** The option that switches it, as in `Config`. Several rows may share one. */
  readonly option: `instrument${string}`;
  /** What is instrumented, for the help of the option. Only one of the rows that share an option has it. */
  readonly help?: string;
  /** Other packages that the same hooks see, and their versions. */
  readonly with?: Readonly<Record<string, readonly [VersionRange, ...VersionRange[]]>>;
}

/** A part of Node. */
interface NodeRow extends Row {
  readonly module: string;
  /**
   * When it is hooked. At the start, if applications take functions out of it. At the first trace, if it publishes on
   * channels or its methods are looked up at each call. Once the application has loaded it, if it is too expensive to
   * load only for the hook.
   */
  readonly when: 'at the start' | 'at the first trace' | 'once loaded';
  /** Undefined for a target that is hooked at the start: `index.ts` imports it at once. */
  readonly install?: (agent: AgentPort) => void;
}

/** A package, found by its name. It is hooked when one of its files is loaded. */
interface PackageRow extends Row {
  readonly package: string;
  /**
   * Each range is tested at both of its ends. A package that moved its methods has several ranges, which never
   * overlap.
   */
  readonly versions: readonly [VersionRange, ...VersionRange[]];
  /** The hooked files that are ES modules in one of its builds, or in its only one: see `Hookable`. */
  readonly esModules?: readonly string[];
  /** The channels on which it publishes its calls: see `Hookable`. */
  readonly channels?: readonly string[];
  /** The main file of the threads that it makes: see `Hookable`. */
  readonly threadMain?: string;
  /** A text in its code that no minifier changes, by which it is recognised in a bundle. */
  readonly mark?: string;
  readonly load: () => Instrumentation;
}

const rows = [
  { module: 'http', option: 'instrumentHttpServer', help: 'incoming HTTP requests', when: 'at the start' },
  {
    module: 'http',
    option: 'instrumentHttpClient',
    help: 'outgoing HTTP requests (http, https, http2, fetch, undici)',
    when: 'at the first trace',
    install: (agent) => (require('./http-client.js') as typeof import('./http-client.js')).httpClient(agent),
  },
  {
    module: 'undici',
    with: { undici: [['5.0.0', '9.0.0']] },
    option: 'instrumentHttpClient',
    when: 'at the first trace',
    install: (agent) => (require('./undici.js') as typeof import('./undici.js')).undici(agent),
  },
  {
    module: 'http2',
    option: 'instrumentHttpClient',
    when: 'once loaded',
    install: (agent) =>
      (require('./http2-client.js') as typeof import('./http2-client.js')).http2Client(
        agent,
        require('node:http2') as typeof import('node:http2'),
      ),
  },
  {
    package: 'express',
    option: 'instrumentRoutes',
    help: 'the routes of incoming requests (Express, its router, Fastify, Koa)',
    versions: [['4.17.0', '6.0.0']],
    load: () => (require('./express.js') as typeof import('./express.js')).express,
  },
  {
    // Express 5 routes by this package.
    package: 'router',
    option: 'instrumentRoutes',
    versions: [['2.0.0', '3.0.0']],
    load: () => (require('./express.js') as typeof import('./express.js')).router,
  },
  {
    package: 'fastify',
    option: 'instrumentRoutes',
    versions: [['4.10.0', '6.0.0']],
    load: () => (require('./fastify.js') as typeof import('./fastify.js')).fastify,
  },
  {
    package: 'koa',
    option: 'instrumentRoutes',
    versions: [['2.4.1', '4.0.0']],
    load: () => (require('./koa.js') as typeof import('./koa.js')).koa,
  },
  {
    package: 'pg',
    option: 'instrumentPg',
    help: 'pg and pg-pool',
    versions: [['8.0.3', '9.0.0']],
    with: { 'pg-cursor': [['2.0.0', '3.0.0']], 'pg-query-stream': [['3.0.0', '5.0.0']] },
    mark: 'Client has already been connected. You cannot reuse a client.',
    load: () => (require('./pg.js') as typeof import('./pg.js')).pg,
  },
  {
    package: 'pg-pool',
    option: 'instrumentPg',
    versions: [['2.0.0', '4.0.0']],
    // It is in one part of the bundle with pg, because a pool's call and its client's call know of each other.
    load: () => (require('./pg.js') as typeof import('./pg.js')).pgPool,
  },
  {
    package: 'mysql2',
    option: 'instrumentMysql2',
    help: 'mysql2',
    // 3.11.5 moved the methods of both classes to base classes, which the promise API uses too.
    versions: [
      ['2.0.0', '3.11.5'],
      ['3.11.5', '4.0.0'],
    ],
    mark: "Can't add new command when connection is in closed state",
    load: () => (require('./mysql2.js') as typeof import('./mysql2.js')).mysql2,
  },
  {
    package: 'ioredis',
    option: 'instrumentIoredis',
    help: 'ioredis',
    versions: [['5.0.0', '7.0.0']],
    mark: "Stream isn't writeable and enableOfflineQueue options is false",
    load: () => (require('./ioredis.js') as typeof import('./ioredis.js')).ioredis,
  },
  {
    package: '@redis/client',
    option: 'instrumentRedis',
    help: 'redis (node-redis)',
    // 5 changed how commands are queued.
    versions: [
      ['1.1.0', '2.0.0'],
      ['5.0.0', '7.0.0'],
    ],
    with: { redis: [['4.1.0', '7.0.0']] },
    mark: 'One (or more) of the watched keys has been changed',
    load: () => (require('./redis.js') as typeof import('./redis.js')).redis,
  },
  {
    package: '@grpc/grpc-js',
    option: 'instrumentGrpc',
    help: '@grpc/grpc-js; without it, its calls are recorded as HTTP',
    versions: [['1.0.0', '2.0.0']],
    mark: 'Resolution note: dns resolver',
    load: () => (require('./grpc.js') as typeof import('./grpc.js')).grpc,
  },
  {
    package: 'amqplib',
    option: 'instrumentAmqplib',
    help: 'amqplib',
    versions: [['0.10.4', '3.0.0']],
    mark: 'Channel ended, no reply will be forthcoming',
    load: () => (require('./amqplib.js') as typeof import('./amqplib.js')).amqplib,
  },
  {
    package: 'nats',
    option: 'instrumentNats',
    help: 'nats, and @nats-io/nats-core with @nats-io/jetstream',
    // Below, other files have other parts of JetStream.
    versions: [['2.18.0', '3.0.0']],
    mark: 'reply can only be used with noMux',
    load: () => (require('./nats.js') as typeof import('./nats.js')).nats,
  },
  {
    package: '@nats-io/nats-core',
    option: 'instrumentNats',
    versions: [['3.0.0', '4.0.0']],
    mark: 'iterator cannot be used when a callback is registered',
    load: () => (require('./nats.js') as typeof import('./nats.js')).natsCore,
  },
  {
    package: '@nats-io/jetstream',
    option: 'instrumentNats',
    versions: [['3.0.0', '4.0.0']],
    // It is in one part of the bundle with the core, because messages of both know of each other.
    load: () => (require('./nats.js') as typeof import('./nats.js')).natsJetstream,
  },
  {
    package: 'mqtt',
    option: 'instrumentMqtt',
    help: 'mqtt',
    // Before, its files were in another folder.
    versions: [['5.1.0', '6.0.0']],
    mark: 'Packet has no Authentication Method',
    load: () => (require('./mqtt.js') as typeof import('./mqtt.js')).mqtt,
  },
  {
    package: 'graphql',
    option: 'instrumentGraphql',
    help: 'graphql',
    // 17 consists of ES modules where Node can load them, and publishes its calls.
    versions: [
      ['16.0.0', '17.0.0'],
      ['17.0.0', '18.0.0'],
    ],
    channels: ['graphql:execute', 'graphql:subscribe', 'graphql:resolve'],
    mark: 'Schema is not configured to execute subscription operation.',
    load: () => (require('./graphql.js') as typeof import('./graphql.js')).graphql,
  },
  {
    package: '@trpc/server',
    option: 'instrumentTrpc',
    help: '@trpc/server',
    versions: [['10.0.0', '12.0.0']],
    esModules: ['@trpc/server/dist/index'],
    mark: 'trying to use @trpc/server in a non-server environment',
    load: () => (require('./trpc.js') as typeof import('./trpc.js')).trpc,
  },
  {
    package: '@connectrpc/connect',
    option: 'instrumentConnect',
    help: '@connectrpc/connect',
    versions: [['1.0.0', '3.0.0']],
    esModules: [
      '@connectrpc/connect/dist/esm/any-client',
      '@connectrpc/connect/dist/esm/protocol/invoke-implementation',
    ],
    mark: 'cannot create handler, all protocols are disabled',
    load: () => (require('./connect.js') as typeof import('./connect.js')).connect,
  },
  {
    package: 'piscina',
    option: 'instrumentPiscina',
    help: 'piscina',
    // 4.6.0 is the first one with its classes in files of their own.
    versions: [['4.6.0', '6.0.0']],
    threadMain: 'piscina/dist/worker.js',
    mark: 'Piscina.Task',
    load: () => (require('./piscina.js') as typeof import('./piscina.js')).piscina,
  },
  {
    package: 'ws',
    option: 'instrumentWs',
    help: 'messages that are sent by ws',
    versions: [['7.0.0', '9.0.0']],
    load: () => (require('./ws.js') as typeof import('./ws.js')).ws,
  },
  {
    package: 'socket.io',
    option: 'instrumentSocketIo',
    help: 'events that are sent by socket.io',
    versions: [['4.0.0', '5.0.0']],
    mark: 'ignore packet received after disconnection',
    load: () => (require('./socket-io.js') as typeof import('./socket-io.js')).socketIo,
  },
  {
    package: 'bullmq',
    option: 'instrumentBullmq',
    help: 'bullmq',
    // The class that writes jobs is another one in each of them.
    versions: [
      ['4.0.0', '6.0.0'],
      ['6.0.0', '7.0.0'],
    ],
    mark: 'BullMQ: WARNING! Your redis options',
    load: () => (require('./bullmq.js') as typeof import('./bullmq.js')).bullmq,
  },
  {
    package: 'kafkajs',
    option: 'instrumentKafkajs',
    help: 'kafkajs',
    versions: [['2.0.0', '3.0.0']],
    mark: 'Producing to topic without metadata',
    load: () => (require('./kafkajs.js') as typeof import('./kafkajs.js')).kafkajs,
  },
  {
    package: 'tinypool',
    option: 'instrumentTinypool',
    help: 'tinypool',
    versions: [['1.0.0', '3.0.0']],
    esModules: ['tinypool/dist/index'],
    threadMain: 'tinypool/dist/entry/worker.js',
    mark: 'Tinypool.Task',
    load: () => (require('./tinypool.js') as typeof import('./tinypool.js')).tinypool,
  },
  {
    module: 'child_process',
    option: 'instrumentChildProcess',
    help: 'external commands',
    when: 'at the start',
  },
  {
    module: 'worker_threads',
    option: 'instrumentWorkerThreads',
    help: 'worker threads',
    when: 'at the start',
  },
  {
    module: 'child_process',
    option: 'instrumentMessages',
    help: 'messages to child processes and to worker threads',
    when: 'at the start',
  },
] as const satisfies readonly (NodeRow | PackageRow)[];

type Rows = (typeof rows)[number];

/** The options that switch targets. */
export type TargetOption = Rows['option'];
/** The targets that are hooked at the start. */
export type StartOption = Extract<Rows, { when: 'at the start' }>['option'];

/** A row of the table, as code that looks at all rows sees it. */
export type NodeTarget = NodeRow & { readonly option: TargetOption };
export type PackageTarget = PackageRow & { readonly option: TargetOption };

const all: readonly (NodeTarget | PackageTarget)[] = rows;

/** The rows of the table that are packages. */
type PackageRows = Extract<Rows, { package: string }>;

/** The parts of Node. */
export const nodeTargets = all.filter((row): row is NodeTarget => 'module' in row);
/** The packages. */
export const packageTargets = all.filter((row): row is PackageTarget => 'package' in row);

/** The versions of a package for which there are hooks. */
export const versionsOf = <Name extends PackageRows['package']>(
  name: Name,
): Extract<PackageRows, { package: Name }>['versions'] =>
  packageTargets.find((row) => row.package === name)!.versions as never;

/** The versions of all packages that the hooks see. */
export const versions: Readonly<Record<string, readonly [VersionRange, ...VersionRange[]]>> =
  Object.fromEntries(
    all.flatMap((row) => [
      ...('package' in row ? [[row.package, row.versions] as const] : []),
      ...Object.entries(row.with ?? {}),
    ]),
  );

/** What each option switches, for its help. */
export const targetHelp: Readonly<Record<string, string>> = Object.fromEntries(
  all.flatMap(({ option, help }) => (help === undefined ? [] : [[option, help]])),
);

/** The first version of Node.js that is supported, and the majors of which the newest version is tested. */
export const node = { from: '20.19.0', majors: [22, 24, 26] } as const;
