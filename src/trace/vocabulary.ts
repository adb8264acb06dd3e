// The vocabulary of traces: the kinds of points, and what each says of itself at its start and its stop. Types of the
// application's thread, the words of reports, the attributes of spans and the pages' tables are keyed to it.
import type { FixedInfo } from './info.js';

/**
 * What events say, by the member of their info that holds it. The names are OSProfiler's where OSProfiler has the
 * fact. An event out of a store may say anything under any name.
 */
export const facts = {
  request: ['method', 'scheme', 'path', 'query', 'route'],
  response: ['status_code'],
  /** `signed`: the request or the call has carried the trace on, so points of its callee belong into the trace. */
  requests: ['method', 'scheme', 'hostname', 'port', 'path', 'query', 'status_code', 'signed'],
  db: [
    'system',
    'operation',
    'name',
    'host',
    'port',
    'statement',
    'params',
    'rows',
    'wait_pool_ms',
    'wait_connect_ms',
    'wait_turn_ms',
  ],
  rpc: [
    'kind',
    'system',
    'service',
    'method',
    'destination',
    /** How often the message has been handled, this time included; not said the first time. */
    'attempt',
    /** How many messages one call sends, or one function handles. */
    'messages',
    /** Points elsewhere that led to this one, a list of `{ base_id, trace_id }`. */
    'links',
    'status',
    'signed',
  ],
  command: ['file', 'shell', 'args', 'pid', 'exit_code', 'signal'],
  thread: ['file', 'name', 'thread_id', 'exit_code', 'signal'],
  process: ['file', 'pid', 'exit_code', 'signal'],
  function: ['name', 'args', 'kwargs', 'result'],
  left_out: ['unknown', 'late', 'cut', 'why'],
} as const;

export type FactGroup = keyof typeof facts;
export type Fact<Group extends FactGroup> = (typeof facts)[Group][number];
type Facts<Group extends FactGroup> = { readonly [Name in Fact<Group>]?: unknown };

interface Kind {
  /** What people call it; the point's own name when not given. */
  readonly label?: string;
  /** Points of one family have one colour. */
  readonly family: 'server' | 'client' | 'database' | 'process' | 'note';
  /** The members of info that it says. */
  readonly says: readonly FactGroup[];
  /** When there is such a point, and what it says, for the pages; not for a kind that shares the row before it. */
  readonly when?: string;
  readonly what?: string;
}

/** The points of the agent itself. All other points are the application's, or those of other services. */
export const pointKinds = {
  wsgi: {
    label: 'HTTP in',
    family: 'server',
    says: ['request', 'response'],
    when: 'an incoming HTTP request, of `http`, `https` and `http2` servers; the handshake of an upgrade (WebSocket) and of a `CONNECT`. The name is OSProfiler\'s; reports show the point as "HTTP in"',
    what: 'start: method, scheme, path, query; stop: status, and the route if the framework tells it (`/orders/:id`)',
  },
  http: {
    label: 'HTTP out',
    family: 'client',
    says: ['requests'],
    when: 'an outgoing request by `http`, `https`, `http2`, `fetch` or undici',
    what: 'start: method, scheme, host, port, path, query; stop: status',
  },
  https: {
    label: 'HTTP out',
    family: 'client',
    says: ['requests'],
  },
  db: {
    family: 'database',
    says: ['db'],
    when: 'a call of PostgreSQL (pg), MySQL or MariaDB (mysql2), on pools and connections, with callbacks and promises, or a command of Redis (ioredis, redis); the wait for a connection is part of it',
    what: 'start: system, operation, database, host, port; stop: rows, [what the call waited for](support.md#what-a-database-point-says-at-its-stop)',
  },
  sql: {
    family: 'database',
    says: ['db'],
    when: 'the statement as it runs on its connection, below the `db` point; only with `OSTRACE_TRACE_SQL`',
    what: 'start: the statement with its placeholders and without its literals; its parameters only with `OSTRACE_TRACE_SQL_PARAMS`; stop: rows',
  },
  rpc: {
    family: 'client',
    says: ['rpc'],
    when: 'a remote procedure call, a message, a job, a task of a thread pool, or an operation of GraphQL, by one of [these packages](support.md): one point on either side, the one of the callee or the consumer below that of the caller or the producer',
    what: 'start: kind (`client`, `server`, `producer` or `consumer`), system, service and method or destination, how many messages where it may be several, what a batch links to, and which attempt it is; stop: status',
  },
  command: {
    family: 'process',
    says: ['command'],
    when: 'an external command: `spawn`, `exec`, `execFile`, `fork` and the three synchronous calls',
    what: 'start: the executable; its arguments only with `OSTRACE_TRACE_COMMAND_ARGS`; stop: pid, exit code, signal',
  },
  process: {
    family: 'process',
    says: ['process'],
    when: 'the run of a Node.js process that was started within a trace and has the agent, or that runs with `OSTRACE_PROFILE`',
    what: 'start: file, pid; stop: exit code',
  },
  thread: {
    family: 'process',
    says: ['thread'],
    when: 'a worker thread, as the thread that starts it sees it',
    what: 'start: file, name; stop: thread id, exit code',
  },
  thread_main: {
    label: 'thread main',
    family: 'process',
    says: ['thread'],
    when: 'the main script of that thread, seen from inside',
    what: 'start: thread id',
  },
  left_out: {
    label: 'left out',
    family: 'note',
    says: ['left_out'],
    when: 'calls that are not in the trace, because it is not known whose they are, because they came after its end, or because a function that is [named](points-by-name.md) made too many; a point without a length',
    what: 'start: how many, and why',
  },
} as const satisfies Readonly<Record<string, Kind>>;

export type PointName = keyof typeof pointKinds;
type Groups<Name extends PointName> = (typeof pointKinds)[Name]['says'][number];

/** What a point says at one of its ends. */
export type PointInfo<Name extends PointName> =
  | { readonly [Group in Groups<Name>]?: Facts<Group> }
  | FixedInfo
  | undefined;

/** What the agent's own points say at their stop, beside the error that one has failed by. */
export type StopInfo = { readonly [Group in FactGroup]?: Facts<Group> } | FixedInfo | undefined;

/** A point that is about to start: its name and what it says then. */
export type PointStart =
  | {
      readonly [Name in PointName]: {
        readonly point: Name;
        readonly info: PointInfo<Name>;
        /** It may go on for hours after its request: it must not keep the trace live. */
        readonly outlives?: true;
      };
    }[PointName]
  | OwnStart;

/** A point of the application's own, by a name that `pointName` has made safe. */
interface OwnStart {
  readonly point: OwnName;
  readonly info: FixedInfo | { readonly function: Facts<'function'> };
  readonly outlives?: never;
}

/** A name that the application gives, made safe by `pointName`. */
export type OwnName = string & { readonly isOwn: never };
