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
  requests: [
    'method',
    'scheme',
    'hostname',
    'port',
    'path',
    'query',
    'status_code',
    'signed',
    'wait_socket_ms',
    'wait_dns_ms',
    'wait_connect_ms',
    'wait_tls_ms',
  ],
  db: [
    'system',
    'operation',
    'name',
    'host',
    'port',
    'statement',
    /** The first word of the statement, and a number that equal statements share whatever their values are. */
    'verb',
    'fingerprint',
    /** The statement asks for a page of rows, by an offset or by where the page before it ended. */
    'paged',
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
  /** `unseen`: libraries of the process whose calls no hook sees, with their versions. */
  process: ['file', 'pid', 'exit_code', 'signal', 'unseen'],
  function: ['name', 'args', 'kwargs', 'result'],
  left_out: ['unknown', 'late', 'cut', 'why', 'gc', 'gc_ms'],
  /** `minor`, `major`, `incremental` or `weakcb`, as V8 tells them apart. */
  gc: ['kind', 'collections', 'ms'],
  /** A request whose handler blocked the event loop, and for how long, in milliseconds. */
  blocked: ['method', 'path', 'ms'],
  /**
   * The event loop of the event's thread at that moment, in every event: its name, how long it has waited for events
   * since it started, the number of its iteration; at a thread's top points, the CPU time of the process as well; at
   * the start of an incoming request, for how long the loop had been busy without a pause.
   */
  loop: ['id', 'idle_ms', 'turn', 'cpu_ms', 'busy_before_ms'],
  /** Where in the application's code a call is made that is repeated: at the start of the second of equal ones. */
  code: ['file', 'line', 'function'],
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
    says: ['request', 'response', 'blocked', 'process'],
    when: 'an incoming HTTP request, of `http`, `https` and `http2` servers; the handshake of an upgrade (WebSocket) and of a `CONNECT`. The name is OSProfiler\'s; reports show the point as "HTTP in"',
    what: 'start: method, scheme, path, query, [how long the loop was busy before, and by whom](#the-event-loop); stop: status, the route if the framework tells it (`/orders/:id`), and [libraries whose calls are not seen](#libraries-that-are-not-seen)',
  },
  http: {
    label: 'HTTP out',
    family: 'client',
    says: ['requests', 'code'],
    when: 'an outgoing request by `http`, `https`, `http2`, `fetch` or undici',
    what: 'start: method, scheme, host, port, path, query, [where a repeated call is made](#where-a-repeated-call-is-made); stop: status, [what the request waited for](support.md#what-an-outgoing-request-waits-for)',
  },
  https: {
    label: 'HTTP out',
    family: 'client',
    says: ['requests', 'code'],
  },
  db: {
    family: 'database',
    says: ['db', 'code'],
    when: 'a call of PostgreSQL (pg), MySQL or MariaDB (mysql2), on pools and connections, with callbacks and promises, or a command of Redis (ioredis, redis); the wait for a connection is part of it',
    what: 'start: system, operation, database, host, port, and of an SQL statement its first word and a fingerprint, which equal statements share whatever their values are, and [where a repeated call is made](#where-a-repeated-call-is-made); stop: rows, [what the call waited for](support.md#what-a-database-point-says-at-its-stop)',
  },
  sql: {
    family: 'database',
    says: ['db'],
    when: 'the statement as it runs on its connection, below the `db` point; only with `OSTRACE_TRACE_SQL`',
    what: 'start: the statement with its placeholders and without its literals; its parameters only with `OSTRACE_TRACE_SQL_PARAMS`; stop: rows',
  },
  rpc: {
    family: 'client',
    says: ['rpc', 'code'],
    when: 'a remote procedure call, a message, a job, a task of a thread pool, an operation of GraphQL or a procedure of tRPC, by one of [these packages](support.md), or a message to a child process or a worker thread: one point on either side, the one of the callee or the consumer below that of the caller or the producer',
    what: 'start: kind (`client`, `server`, `producer` or `consumer`), system, service and method or destination, how many messages where it may be several, what a batch links to, which attempt it is, and [where a repeated call is made](#where-a-repeated-call-is-made); stop: status',
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
    what: 'start: file, pid; stop: exit code, and [libraries whose calls are not seen](#libraries-that-are-not-seen)',
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
  gc: {
    label: 'garbage collection',
    family: 'note',
    says: ['gc'],
    when: 'a garbage collection that took a millisecond or more while a point at the top of its thread was open; the thread did nothing else meanwhile. Shorter ones that follow each other closely, and together take a millisecond or more, are one point. A trace has at most 100 of them, and says in `left_out` how many more there were',
    what: 'start: kind (`minor`, `major`, `incremental` or `weakcb`; none where several collections are of different kinds), and of several collections their number and how many milliseconds they took; start and stop have the times of the first and the last',
  },
  blocked: {
    label: 'blocked by',
    family: 'note',
    says: ['blocked'],
    when: 'the handler of another request that [blocked the event loop](#the-event-loop) for ten milliseconds or more; at most 100 in a trace',
    what: 'start: method and path of that request, with `{id}` in the place of parts that differ between requests; start and stop have the times of the run',
  },
  left_out: {
    label: 'left out',
    family: 'note',
    says: ['left_out'],
    when: 'calls that are not in the trace, because it is not known which request they belong to, because they came after the end of the trace, or because a [named](points-by-name.md) function made too many of them; garbage collections beyond the first 100 points. The point itself has no length',
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
