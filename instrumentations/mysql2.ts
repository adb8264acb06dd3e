import type { Callback, MethodHook, PointStart, Settling } from '../src/hooks/calls/call.js';
import { hookMethod, runOutside } from '../src/hooks/calls/method.js';
import { bindCallback, settlingCallback } from '../src/hooks/calls/callback.js';
import { createDatabaseCalls, databaseFailed, databaseStop } from '../src/hooks/targets/database.js';
import { bindEmitter } from '../src/hooks/emitter.js';
import { read } from '../src/hooks/guard.js';
import type { ModuleHook } from '../src/hooks/loading/modules.js';
import type { AgentPort } from '../src/hooks/port.js';
import {
  bindEvents,
  byCallbackOr,
  byEvents,
  settleByEvents,
  takesCallback,
  unobserved,
  unwatched,
} from '../src/hooks/calls/completion.js';
import { databaseFailure, maskLiterals } from '../src/redaction/sql.js';
import type { Context } from '../src/trace/context.js';
import type { Info } from '../src/trace/event.js';
import { EventRows, rows } from './mysql2-rows.js';
import { bindFactory, byCheckout, byTurnOr, callsOut, isBusy, watchOpening } from './mysql2-waits.js';
import { versions } from './versions.js';

/** The shapes of mysql2 that are leaned on; its types are not ours to ship. */
interface Config {
  readonly host?: unknown;
  readonly port?: unknown;
  readonly database?: unknown;
}
type Method = (...args: unknown[]) => unknown;
interface Connection {
  query: Method;
  execute: Method;
  addCommand: Method;
  connect: Method;
  readonly config?: Config;
}
interface Pool {
  query: Method;
  execute: Method;
  getConnection: Method;
  releaseConnection: Method;
  readonly config?: { readonly connectionConfig?: Config };
}
interface Command {
  onResult?: unknown;
  readonly emit?: unknown;
  readonly constructor?: { readonly name?: unknown };
  /** Of `prepare`: the statement's text. */
  readonly query?: unknown;
  /** Of a prepared statement's `execute`. */
  readonly statement?: { readonly query?: unknown };
  readonly values?: unknown;
}

const library = 'mysql2';
const calls = createDatabaseCalls('mysql');
const none: readonly PointStart[] = [];

// Errors about databases, tables, columns, users: no value of a row or a parameter is in them.
const namesOnly: ReadonlySet<string> = new Set(
  (
    'ER_NO_SUCH_TABLE ER_BAD_TABLE_ERROR ER_BAD_DB_ERROR ER_TABLE_EXISTS_ERROR ' +
    'ER_ACCESS_DENIED_ERROR ER_DBACCESS_DENIED_ERROR ER_TABLEACCESS_DENIED_ERROR ER_BAD_NULL_ERROR ' +
    'ER_DATA_TOO_LONG ER_NO_REFERENCED_ROW_2 ER_ROW_IS_REFERENCED_2 ER_NO_DEFAULT_FOR_FIELD ER_NON_UNIQ_ERROR'
  ).split(' '),
);

const [before, since] = versions.mysql2;

/** MySQL and MariaDB by mysql2 2 and 3: `db` points for calls of pools and connections, `sql` below them. */
export function mysql2(agent: AgentPort): readonly ModuleHook[] {
  const failed = (error: unknown, context: Context): Info =>
    databaseFailed(context, databaseFailure(error, namesOnly, agent));
  const connection = (exports: unknown): void => {
    const { prototype } = exports as { prototype: Connection };
    for (const operation of ['query', 'execute'] as const) {
      hookMethod(prototype, operation, {
        library,
        what: `Connection.${operation}`,
        // A pool's query that has to wait is watched.
        isLent: (self) => !isBusy(self),
        start: (self, args, caller) =>
          withSql(
            isInner(caller) ? none : call(operation, self, (self as Connection).config),
            agent,
            self,
            args,
          ),
        stop: rows,
        failed,
        settles: byTurnOr(library, ({ args }) => (agent.traceSql ? sql(agent, args) : undefined), byCommand),
      });
    }
    // All else that a connection is asked comes through here. Prepared statements are points; the others
    // (`ping`, …) are none, but their callbacks come from the connection's socket, which another request may
    // have opened.
    hookMethod(prototype, 'addCommand', {
      library,
      what: 'Connection.addCommand',
      isLent: () => true,
      start: (self, args, caller) => prepared(agent, self as Connection, args, caller),
      stop: rows,
      failed,
      settles: byTurnOr(
        library,
        ({ args: [given], context }) =>
          agent.traceSql && context !== undefined ? sql(agent, statementOf(given)) : undefined,
        bindCommand,
      ),
    });
    // No command, and no point: the connection was begun before this is called.
    hookMethod(prototype, 'connect', {
      library,
      what: 'Connection.connect',
      start: () => [],
      settles: byCallbackOr(unwatched),
    });
  };
  const pool = (exports: unknown): void => {
    const { prototype } = exports as { prototype: Pool };
    const hook = (operation: string, more: Partial<MethodHook>): MethodHook => ({
      library,
      what: `Pool.${operation}`,
      start: (self, _args, caller) =>
        isInner(caller) ? none : call(operation, self, (self as Pool).config?.connectionConfig),
      stop: rows,
      failed,
      settles: byCommand,
      ...more,
    });
    // Whoever gives a connection back is none of those who wait, and who waits since nothing was live does so
    // with the callback as it is.
    runOutside(prototype, 'releaseConnection');
    for (const operation of ['query', 'execute'] as const) {
      // No call of mysql2's asks these: within one, it is the application that does.
      const start = (self: object): readonly PointStart[] =>
        call(operation, self, (self as Pool).config?.connectionConfig);
      hookMethod(prototype, operation, hook(operation, { start }));
    }
    // A pool calls its waiting callbacks from the request that gave a connection back; where one is thrown
    // away, it asks again from there for the callback that waits longest.
    hookMethod(
      prototype,
      'getConnection',
      hook('connect', {
        handsOut: true,
        callsOut,
        stop: (_connection, context) => databaseStop(context, undefined),
        settles: byCheckout(library, byCommand),
      }),
    );
  };
  return [
    { file: 'mysql2/lib/connection', versions: before, install: connection },
    { file: 'mysql2/lib/base/connection', versions: since, install: connection },
    { file: 'mysql2/lib/pool', versions: before, install: pool },
    { file: 'mysql2/lib/base/pool', versions: since, install: pool },
  ];
}

/** Part of a call that has a point: a pool's query is also a checkout and a connection's query. */
const isInner = (caller: Context): boolean => caller.library === library;

const call = (operation: string, client: object, config: Config | undefined): readonly PointStart[] =>
  calls(client, operation, { name: config?.database, host: config?.host, port: config?.port });

function withSql(
  outer: readonly PointStart[],
  agent: AgentPort,
  connection: object,
  args: readonly unknown[],
): readonly PointStart[] {
  return agent.traceSql && !isBusy(connection) ? [...outer, sql(agent, args)] : outer;
}

/** `connection.prepare` and `statement.execute`, of which `connection.execute` is made as well. */
function prepared(
  agent: AgentPort,
  connection: Connection,
  [given]: readonly unknown[],
  caller: Context,
): readonly PointStart[] {
  if (isInner(caller) || typeof given !== 'object' || given === null) return [];
  const kind = (given as Command).constructor?.name;
  if (kind !== 'Prepare' && kind !== 'Execute') return [];
  const outer = call(kind === 'Prepare' ? 'prepare' : 'execute', connection, connection.config);
  return withSql(outer, agent, connection, statementOf(given));
}

/** What a command of a prepared statement says, as `query` is given it. */
function statementOf(given: unknown): readonly unknown[] {
  const { constructor, query, statement, values } = given as Command;
  return constructor?.name === 'Prepare' ? [query] : [statement?.query, values];
}

/** Taken before mysql2 formats the statement: later on the values are in its text. */
function sql(agent: AgentPort, args: readonly unknown[]): PointStart {
  const [query, given] = args as [string | { sql?: unknown; values?: unknown } | null | undefined, unknown];
  const options = typeof query === 'object' ? query : undefined;
  const statement = typeof query === 'string' ? query : read(() => options?.sql);
  const params = typeof given === 'object' && given !== null ? given : read(() => options?.values);
  return {
    point: 'sql',
    info: {
      db: {
        system: 'mysql',
        statement:
          typeof statement === 'string' && agent.maskSql ? maskLiterals(statement, 'mysql') : statement,
        ...(agent.traceSqlParams && params !== undefined && { params }),
      },
    },
  };
}

/** A command emits its events beside calling back, and all of them come from the connection's socket. */
const byCommand: Settling = (traced) => {
  const [given] = traced.args as [string | Command | null | undefined];
  let settles: Settling;
  // A pool passes a command that already has its callback; the connection gives the same command back.
  if (typeof given === 'object' && typeof given?.onResult === 'function') {
    const isSet = Reflect.set(given, 'onResult', settlingCallback(traced, given.onResult as Callback));
    settles = isSet ? bindEvents : unobserved;
  } else {
    settles = takesCallback(traced) ? bindEvents : byRows;
  }
  const command = settles(traced);
  bindFactory(command, traced);
  return command;
};

const byRows = byEvents(() => new EventRows());

/** Brings what a command calls back to where it was given; the hooked calls do that themselves. */
const bindCommand: Settling = (traced) => {
  const [command] = traced.args as [Command | null | undefined];
  if (typeof command === 'object' && command !== null) {
    // It is called after `end`, and is the one that knows the rows.
    const callback = typeof command.onResult === 'function' ? (command.onResult as Callback) : undefined;
    const bound =
      callback &&
      (traced.context === undefined
        ? bindCallback(callback, traced.caller)
        : settlingCallback(traced, callback));
    const isSet = bound !== undefined && Reflect.set(command, 'onResult', bound);
    if (typeof command.emit === 'function') {
      if (isSet) bindEmitter(command as never, traced.caller, traced.guard);
      else settleByEvents(traced, command as never, traced.context && new EventRows());
    }
    watchOpening(traced);
  }
  return traced.invoke();
};
