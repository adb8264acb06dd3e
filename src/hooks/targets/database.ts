// The contract of a database's instrumentation, `database({ … })`, and what makes hooks of such data.
import { type Dialect, databaseFailure, maskLiterals } from '../../redaction/sql.js';
import type { Context } from '../../trace/context.js';
import type { Info } from '../../trace/event.js';
import { FixedInfo } from '../../trace/info.js';
import { notice } from '../../trace/notice.js';
import { createStamp } from '../../trace/stamp.js';
import type { PointInfo, PointStart, StopInfo } from '../../trace/vocabulary.js';
import type { End, MethodHook } from '../calls/call.js';
import type { PublishedHook } from '../calls/published.js';
import { noteRequests, hookMethod, runOutside } from '../calls/method.js';
import type { Instrumentation, ModuleHook } from '../loading/modules.js';
import type { VersionRange } from '../loading/version-range.js';
import type { AgentPort } from '../port.js';
import { waitsInfo } from './waiting.js';
import type { SqlPoint, Waits } from './waits.js';

/** Where calls of a client or a pool go, as far as it tells. */
export interface Endpoint {
  readonly name?: unknown;
  readonly host?: unknown;
  readonly port?: unknown;
}

/** A statement, before the library puts values into it, and its parameters. */
export interface Statement {
  readonly text: unknown;
  readonly params?: unknown;
}

/** What is recorded of a method, and how its calls end. Functions are given the call's arguments and its object. */
export interface DatabaseMethod {
  /** How a call tells its end: recognisers in order, the first that knows its kind. */
  readonly ends: readonly End[];
  /** No point: the method is hooked because of its callback, which comes from a connection that others share. */
  readonly point?: false;
  /** The name of the operation; the method's own when not given. */
  readonly operation?: string;
  /** The name of the operation where the call tells it; undefined for a call that is not recorded. */
  operationOf?(args: readonly unknown[], self: object): string | undefined;
  /** The statement, for the `sql` point. */
  sql?(args: readonly unknown[], self: object): Statement;
  /** How many rows came or were changed; undefined where that is not known. */
  rows?(result: unknown, detail: unknown, args: readonly unknown[]): number | undefined;
  /** What a call waits for before its statement runs. */
  readonly waits?: Waits;
  /** The library itself never calls the method: within one of its calls, it is the application that does. */
  readonly calledBy?: 'application';
  /** Whether the call is a part of one that is recorded already, where `Context.library` does not tell. */
  isPart?(): boolean;
  /** The method gives `sql` points only below `db` points of its own. */
  readonly sqlBelowOwn?: true;
  readonly checkout?: MethodHook['checkout'];
  /** @param owner the prototype that is hooked */
  borrows?(self: object, owner: object): boolean;
  callsOut?(self: object): boolean;
  requested?(args: readonly unknown[]): object | undefined;
}

/** A file of a package, and the methods of the class that it exports. */
export interface DatabaseFile {
  /** The package and the file in it, without its extension: `pg/lib/client`. */
  readonly file: string;
  /** All versions of the package's row in the table when not given. */
  readonly versions?: VersionRange;
  /** The class among what the file exports; what it exports when not given. */
  class?(exports: object): unknown;
  endpoint?(self: object): Endpoint;
  readonly methods?: Readonly<Record<string, DatabaseMethod>>;
  /** Methods that the application calls to have a request queued, and what of their arguments is that request. */
  readonly asks?: Readonly<Record<string, { of(args: readonly unknown[]): object | undefined }['of']>>;
  /** Methods that run in nobody's place: what they go on with is not their caller's. */
  readonly outside?: Readonly<Record<string, IsIdle>>;
  /**
   * What is peculiar to the file.
   *
   * @param load requires another file of the package
   */
  also?(prototype: object, load: (file: string) => unknown, agent: AgentPort): void;
}

/** Whether a method has nothing to go on with, so that it may stay where it is called. */
type IsIdle = true | { idle(self: object): boolean }['idle'];

/** The instrumentation of a database's client library, as data. */
export interface Database {
  /** The package that the user's code names; calls within its calls are parts of them. */
  readonly library: string;
  /** OSProfiler's and OpenTelemetry's name of the database: `postgresql`. */
  readonly system: string;
  /** How literals are written in its statements, so that they can be masked; as in PostgreSQL when not given. */
  readonly dialect?: Dialect;
  /** The codes of errors that quote names of tables, columns and the like, and no values. */
  readonly harmlessErrors?: string;
  /** The files that are hooked. */
  readonly files?: readonly DatabaseFile[];
  /** The TracingChannels that the library publishes its calls on, by their names: `mysql2:query`. */
  readonly channels?: Readonly<Record<string, DatabaseChannel>>;
}

/** What is recorded of the calls of a TracingChannel. Functions are given the message of a call. */
export interface DatabaseChannel {
  /** The name of the operation. */
  readonly operation: string;
  endpoint?(message: object): Endpoint;
  sql?(message: object): Statement;
  /** How many rows came or were changed; undefined where that is not known. */
  rows?(message: object): number | undefined;
}

/** Makes the instrumentation of a database's client library: `db` points for its calls, `sql` points below them. */
export function database(definition: Database): Instrumentation {
  return {
    hooks: (agent) => (definition.files ?? []).map((file) => hookOf(definition, file, agent)),
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

function hookOf(definition: Database, file: DatabaseFile, agent: AgentPort): ModuleHook {
  return {
    file: file.file,
    versions: file.versions,
    install(exports, load) {
      const { prototype } = (file.class?.(exports as object) ?? exports) as { prototype: object };
      const owner = prototype as Record<string, unknown>;
      const calls = callsOf(definition);
      for (const [name, method] of Object.entries(file.methods ?? {})) {
        if (typeof owner[name] === 'function') {
          hookMethod(owner, name, methodHook(definition, file, agent, owner, name, method, calls));
        } else {
          notice(`${file.file} has no method ${name}: it is not recorded`);
        }
      }
      for (const [name, requestOf] of Object.entries(file.asks ?? {})) noteRequests(owner, name, requestOf);
      for (const [name, isIdle] of Object.entries(file.outside ?? {})) {
        runOutside(owner, name, isIdle === true ? undefined : isIdle);
      }
      file.also?.(prototype, load, agent);
    },
  };
}

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
  const { waits, borrows, rows, sql } = method;
  const sqlOf: SqlPoint | undefined =
    sql === undefined || !agent.traceSql
      ? undefined
      : (args, self) => sqlPoint(definition, sql(args, self), agent);
  const harmless = new Set(definition.harmlessErrors?.split(' '));
  const named = method.operation ?? name;
  // A part of a call that is recorded has then nothing to record of its own.
  const hasOwnSql = sqlOf === undefined || method.sqlBelowOwn === true;
  const hook: Mutable<MethodHook> = {
    library,
    what: `${(owner as { constructor: { name: string } }).constructor.name}.${name}`,
    ends: method.ends,
    start(self, args, caller) {
      if (method.point === false) return none;
      const isPart =
        (caller.library === library && method.calledBy !== 'application') || method.isPart?.() === true;
      if (isPart && hasOwnSql) return none;
      const operation = method.operationOf === undefined ? named : method.operationOf(args, self);
      if (operation === undefined) return none;
      const outer = isPart ? none : calls(self, operation, file.endpoint?.(self) ?? nowhere);
      return sqlOf === undefined || waits?.isBusy(self) === true ? outer : [...outer, sqlOf(args, self)];
    },
    stop: (result, context, detail, args) => databaseStop(context, rows?.(result, detail, args)),
    failed: (error, context) => databaseFailed(context, databaseFailure(error, harmless, agent)),
  };
  if (waits !== undefined) {
    hook.around = (call) =>
      waits.around(
        call,
        library,
        method.sqlBelowOwn === true && call.context === undefined ? undefined : sqlOf,
      );
  }
  if (borrows !== undefined) hook.borrows = (self) => borrows(self, owner);
  if (method.checkout !== undefined) hook.checkout = method.checkout;
  if (method.callsOut !== undefined) hook.callsOut = method.callsOut;
  if (method.requested !== undefined) hook.requested = method.requested;
  return hook;
}

type Mutable<Of> = { -readonly [Key in keyof Of]: Of[Key] };

function sqlPoint(
  { system, dialect = 'postgresql' }: Database,
  { text, params }: Statement,
  agent: AgentPort,
): PointStart {
  const statement = typeof text === 'string' && agent.maskSql ? maskLiterals(text, dialect) : text;
  const shown = agent.traceSqlParams && params !== undefined ? { params } : {};
  return { point: 'sql', info: { db: { system, statement, ...shown } } };
}

/** Gives the `db` point of a call. */
type DatabaseCall = (client: object, operation: string, endpoint: Endpoint) => readonly PointStart[];

interface Known extends Endpoint {
  readonly starts: Map<string, readonly PointStart[]>;
}

// The names of operations may be the application's.
const mostStarts = 200;

/**
 * Makes what gives the `db` points of a library's calls. All calls of a client say the same at their start, so
 * that is made once, until the client says that it goes somewhere else.
 */
function callsOf({ system }: Database): DatabaseCall {
  const known = createStamp<Known>();
  return (client, operation, { name, host, port }) => {
    let its = known.of(client);
    if (its === undefined || its.name !== name || its.host !== host || its.port !== port) {
      its = { name, host, port, starts: new Map() };
      known.put(client, its);
    }
    let start = its.starts.get(operation);
    if (start === undefined) {
      if (its.starts.size === mostStarts) its.starts.clear();
      start = [
        {
          point: 'db',
          info: new FixedInfo({ db: { system, operation, name, host, port } } satisfies PointInfo<'db'>),
        },
      ];
      its.starts.set(operation, start);
    }
    return start;
  };
}

const counts: FixedInfo[] = [];
const mostCounts = 256;

/** What a point says at its stop: of the rows that came or were changed, if they were counted, and of its waits. */
function databaseStop(context: Context, rows: number | undefined): StopInfo {
  const waited = context.point === 'db' ? waitsInfo(context) : undefined;
  if (waited !== undefined) return { db: { ...(rows !== undefined && { rows }), ...waited } };
  return rows === undefined ? undefined : rowsInfo(rows);
}

/** The same after an error. */
function databaseFailed(context: Context, failure: Info): Info {
  const waited = context.point === 'db' ? waitsInfo(context) : undefined;
  return waited === undefined ? failure : { ...failure, db: waited };
}

function rowsInfo(rows: number): StopInfo {
  // Most statements give few rows.
  const isFew = rows >= 0 && rows < mostCounts && Number.isInteger(rows);
  return isFew ? (counts[rows] ??= new FixedInfo({ db: { rows } } satisfies StopInfo)) : { db: { rows } };
}

/**
 * How many rows came or were changed: the sum over all result sets and commands that have a count, in one text or in
 * one procedure; undefined where none has.
 */
export function sumOf(counted: readonly (number | undefined)[]): number | undefined {
  let sum: number | undefined;
  for (const rows of counted) if (rows !== undefined) sum = (sum ?? 0) + rows;
  return sum;
}
