// The contract of a database's instrumentation, `database({ … })`, and how such data becomes hooks.
//
// The price: everything about a method is worked out when its file is hooked, so a call makes no closures here. All
// `db` points of a client and an operation say the same at their start, so that is encoded once (`FixedInfo`). Counts
// of rows below 256 are encoded once too. By `perf`, the info of pg's points is 4 % of the cost of tracing a request
// with twenty queries (benchmarks/README.md).
import { type Dialect, databaseFailure } from '../../redaction/sql.js';
import type { PointStart } from '../../trace/vocabulary.js';
import type { End, MethodHook } from '../calls/call.js';
import type { PublishedHook } from '../calls/published.js';
import { hookMethod } from '../calls/method.js';
import type { Instrumentation } from '../loading/modules.js';
import type { AgentPort } from '../port.js';
import { type DatabaseCall, callsOf, databaseFailed, databaseStop, sqlPoint } from './database-points.js';
import { type TargetFile, fileHook, nameOf } from './files.js';
import type { SqlPoint, Waits } from './waits.js';

/** Where the calls of a client or a pool go, as far as that is known. */
export interface Endpoint {
  readonly name?: unknown;
  readonly host?: unknown;
  readonly port?: unknown;
}

/** A statement and its parameters, before the library puts the values into it. */
export interface Statement {
  readonly text: unknown;
  readonly params?: unknown;
  /** The text holds no values, so nothing in it is masked. */
  readonly isMasked?: true;
}

/** What is recorded of a method, and how its calls end. The functions get the call's arguments and its object. */
export interface DatabaseMethod {
  /** How a call tells its end: the first recogniser that knows the kind of call makes it. */
  readonly ends: readonly End[];
  /**
   * The method makes no point. It is hooked only for its callback, which comes from a connection that others share.
   */
  readonly point?: false;
  /** The name of the operation; the method's own name if undefined. */
  readonly operation?: string;
  /** The name of the operation if the call tells it; undefined for a call that is not recorded. */
  operationOf?(args: readonly unknown[], self: object): string | undefined;
  /** The statement, for the `sql` point. */
  sql?(args: readonly unknown[], self: object): Statement;
  /** The text of an SQL statement, of which the `db` point tells the first word and a fingerprint. */
  text?(args: readonly unknown[], self: object): unknown;
  /** The number of rows that were read or changed; undefined if it is not known. */
  rows?(result: unknown, detail: unknown, args: readonly unknown[]): number | undefined;
  /** What a call waits for before its statement runs. */
  readonly waits?: Waits;
  /**
   * The library never calls the method itself: within one of its calls, a call of the method is the application's.
   */
  readonly calledBy?: 'application';
  /** Whether the call is part of a recorded call, if `Context.library` does not tell that. */
  isPart?(): boolean;
  /** The method makes `sql` points only below its own `db` points. */
  readonly sqlBelowOwn?: true;
  readonly checkout?: MethodHook['checkout'];
  /** @param owner the prototype that is hooked */
  borrows?(self: object, owner: object): boolean;
  callsOut?(self: object): boolean;
  requested?(args: readonly unknown[]): object | undefined;
}

/** A file of a package, and the methods of the class that it exports. */
export interface DatabaseFile extends TargetFile<DatabaseMethod> {
  endpoint?(self: object): Endpoint;
}

/** The instrumentation of a database's client library, as data. */
export interface Database {
  /** The package that the user's code names. Calls of the library within its own calls are parts of them. */
  readonly library: string;
  /** The name that OSProfiler and OpenTelemetry give the database: `postgresql`. */
  readonly system: string;
  /** How its statements write literals, so that these can be masked; PostgreSQL's way if undefined. */
  readonly dialect?: Dialect;
  /** The codes of errors that quote only names of tables, columns and the like, and no values. */
  readonly harmlessErrors?: string;
  /** The files that are hooked. */
  readonly files?: readonly DatabaseFile[];
  /** The TracingChannels on which the library publishes its calls, by their names: `mysql2:query`. */
  readonly channels?: Readonly<Record<string, DatabaseChannel>>;
}

/** What is recorded of the calls of a TracingChannel. The functions get the message of a call. */
export interface DatabaseChannel {
  /** The name of the operation. */
  readonly operation: string;
  endpoint?(message: object): Endpoint;
  sql?(message: object): Statement;
  /** The number of rows that were read or changed; undefined if it is not known. */
  rows?(message: object): number | undefined;
}

/** Makes the instrumentation of a database's client library: `db` points for its calls, `sql` points below them. */
export function database(definition: Database): Instrumentation {
  return {
    hooks: (agent) =>
      (definition.files ?? []).map((file) =>
        fileHook(file, agent, () => {
          const calls = callsOf(definition);
          return (owner, name, method) =>
            hookMethod(owner, name, methodHook(definition, file, agent, owner, name, method, calls));
        }),
      ),
    channels: (agent) =>
      Object.entries(definition.channels ?? {}).map(([name, channel]) =>
        publishedHook(definition, name, channel, agent),
      ),
  };
}

function publishedHook(
  definition: Database,
  name: string,
  channel: DatabaseChannel,
  agent: AgentPort,
): PublishedHook {
  const { library, system } = definition;
  const { sql } = channel;
  const harmless = new Set(definition.harmlessErrors?.split(' '));
  return {
    channel: name,
    library,
    start(message, caller) {
      if (caller.library === library) return none;
      const { operation } = channel;
      const { name: base, host, port } = channel.endpoint?.(message) ?? nowhere;
      const start: PointStart = { point: 'db', info: { db: { system, operation, name: base, host, port } } };
      return sql === undefined || !agent.traceSql
        ? [start]
        : [start, sqlPoint(definition, sql(message), agent)];
    },
    stop: (message, context) => databaseStop(context, channel.rows?.(message)),
    failed: (error, context) => databaseFailed(context, databaseFailure(error, harmless, agent)),
  };
}

const nowhere: Endpoint = {};

const none: readonly PointStart[] = [];

function methodHook(
  definition: Database,
  file: DatabaseFile,
  agent: AgentPort,
  owner: object,
  name: string,
  method: DatabaseMethod,
  calls: DatabaseCall,
): MethodHook {
  const { library } = definition;
  // Read here, because calls of all methods run the same functions: their objects have many shapes, and V8 would look
  // each property up for each call.
  const { waits, borrows, rows, sql, text, operationOf, isPart: isPartOf } = method;
  const { endpoint } = file;
  const isPoint = method.point !== false;
  const isApplications = method.calledBy === 'application';
  const sqlOf: SqlPoint | undefined =
    sql === undefined || !agent.traceSql
      ? undefined
      : (args, self) => sqlPoint(definition, sql(args, self), agent);
  const harmless = new Set(definition.harmlessErrors?.split(' '));
  const named = method.operation ?? name;
  // In these cases, a part of a recorded call has nothing of its own to record.
  const hasOwnSql = sqlOf === undefined || method.sqlBelowOwn === true;
  const hook: Mutable<MethodHook> = {
    library,
    what: nameOf(owner, name),
    ends: method.ends,
    start(self, args, caller) {
      if (!isPoint) return none;
      const isPart = (!isApplications && caller.library === library) || isPartOf?.() === true;
      if (isPart && hasOwnSql) return none;
      const operation = operationOf === undefined ? named : operationOf(args, self);
      if (operation === undefined) return none;
      const outer = isPart ? none : calls(self, operation, endpoint?.(self) ?? nowhere, text?.(args, self));
      return sqlOf === undefined || waits?.isBusy(self) === true ? outer : [...outer, sqlOf(args, self)];
    },
    stop: (result, context, detail, args) => databaseStop(context, rows?.(result, detail, args)),
    failed: (error, context) => databaseFailed(context, databaseFailure(error, harmless, agent)),
  };
  if (waits !== undefined) {
    const isOnlyOwn = method.sqlBelowOwn === true;
    hook.around = (call) =>
      waits.around(call, library, isOnlyOwn && call.context === undefined ? undefined : sqlOf);
    if (waits.again !== undefined) hook.again = (self, request) => waits.again?.(self, request);
  }
  if (borrows !== undefined) hook.borrows = (self) => borrows(self, owner);
  if (method.checkout !== undefined) hook.checkout = method.checkout;
  if (method.callsOut !== undefined) hook.callsOut = method.callsOut;
  if (method.requested !== undefined) hook.requested = method.requested;
  return hook;
}

type Mutable<Of> = { -readonly [Key in keyof Of]: Of[Key] };
