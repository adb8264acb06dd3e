// Records MySQL and MariaDB by mysql2 2 and 3: `db` points for calls of pools and connections, `sql` points below
// them.
import { EventEmitter } from 'node:events';

import {
  emitterEvents,
  invokeBound,
  lastCallback,
  settleByEvents,
  takesCallback,
  unobserved,
} from '../src/hooks/calls/ends.js';
import { type Callback, type End, notMine } from '../src/hooks/calls/call.js';
import { bindCallback, settlingCallback } from '../src/hooks/calls/callback.js';
import { bindEmitter } from '../src/hooks/emitter.js';
import { read } from '../src/hooks/guard.js';
import {
  type DatabaseFile,
  type DatabaseMethod,
  type Endpoint,
  type Statement,
  database,
} from '../src/hooks/targets/database.js';
import { beginOpening, checkoutFrom, turnOn } from '../src/hooks/targets/waits.js';
import { type Command, bindFactory, isBusy, isHandshake, queue } from './mysql2-queue.js';
import { EventRows, rows } from './mysql2-rows.js';
import { versionsOf } from './targets.js';

interface Config {
  readonly host?: unknown;
  readonly port?: unknown;
  readonly database?: unknown;
}
interface Pool extends EventEmitter {
  readonly config?: { readonly connectionConfig?: Config };
  readonly _freeConnections?: { readonly length: number };
}

const endpointOf = (config: Config | undefined): Endpoint => ({
  name: config?.database,
  host: config?.host,
  port: config?.port,
});

/** A statement with its options. */
interface Options {
  readonly sql?: unknown;
  readonly values?: unknown;
}

function text([query]: readonly unknown[]): unknown {
  return typeof query === 'string' ? query : read(() => (Object(query) as Options).sql);
}

/** The statement before mysql2 formats it. Afterwards the values are in its text. */
function sql([query, given]: readonly [
  query: string | Options | null | undefined,
  given: unknown,
]): Statement {
  const options = typeof query === 'object' ? query : undefined;
  return {
    text: text([query]),
    params: typeof given === 'object' && given !== null ? given : read(() => options?.values),
  };
}

/** A command both emits events and calls back. All of that comes from the connection's socket. */
const byCommand: End = (call) => {
  const given = call.args[0] as string | Command | null | undefined;
  let command: unknown;
  // A pool passes a command that already has its callback. The connection returns the same command.
  if (typeof given === 'object' && typeof given?.onResult === 'function') {
    const isSet = Reflect.set(given, 'onResult', settlingCallback(call, given.onResult as Callback));
    command = isSet ? invokeBound(call) : unobserved(call);
  } else {
    command = takesCallback(call) ? invokeBound(call) : byRows(call);
  }
  bindFactory(command, call);
  return command;
};

const byRows = emitterEvents(() => new EventRows());

/**
 * A command that is queued. `query` and its like queue commands too, but bind the callbacks of those by themselves.
 */
const byQueued: End = (call) => {
  const command = call.args[0] as Command | null | undefined;
  if (typeof command !== 'object' || command === null) return notMine;
  // The callback is called after the event `end`, and only the callback gets the rows.
  const callback = typeof command.onResult === 'function' ? (command.onResult as Callback) : undefined;
  const bound =
    callback &&
    (call.context === undefined ? bindCallback(callback, call.caller) : settlingCallback(call, callback));
  const isSet = bound !== undefined && Reflect.set(command, 'onResult', bound);
  if (typeof command.emit === 'function') {
    if (isSet) bindEmitter(command as never, call.caller, call.guard);
    else settleByEvents(call, command as never, call.context && new EventRows());
  }
  // A connection's constructor queues a handshake: from here on the connection is being opened.
  if (isHandshake(command)) beginOpening(call, 'mysql2');
  return call.invoke();
};

const waits = turnOn(queue);
const statement: DatabaseMethod = {
  text,
  sql,
  rows,
  ends: [byCommand],
  waits,
  borrows: (self) => !isBusy(self),
};

const connection: Omit<DatabaseFile, 'file'> = {
  endpoint: ({ config }: { readonly config?: Config }) => endpointOf(config),
  methods: {
    query: statement,
    execute: statement,
    // Everything else that a connection is asked for comes through here. Prepared statements are points. Other
    // commands (`ping`, …) are not, but their callbacks come from the connection's socket, which another request may
    // have opened.
    addCommand: {
      operationOf: ([command]) => preparedOf(command)?.operation,
      text: ([command]) => preparedOf(command)?.text,
      sql: ([command]) => preparedOf(command) ?? { text: undefined },
      sqlBelowOwn: true,
      rows,
      ends: [byQueued],
      waits,
      borrows: () => true,
    },
    // It sends no command and makes no point: the connection has begun to open before it is called.
    connect: { ends: [lastCallback], point: false },
  },
};

/** The statement of `connection.prepare` and `statement.execute`. `connection.execute` uses both as well. */
function preparedOf(given: unknown): (Statement & { readonly operation: string }) | undefined {
  const { constructor, query, statement: prepared, values } = Object(given) as Command;
  if (constructor?.name === 'Prepare') return { operation: 'prepare', text: query };
  return constructor?.name === 'Execute'
    ? { operation: 'execute', text: prepared?.query, params: values ?? undefined }
    : undefined;
}

const isAtOnce = ({ _freeConnections }: Pool): boolean =>
  _freeConnections !== undefined && _freeConnections.length > 0;
const pooled: DatabaseMethod = { text, rows, ends: [byCommand], calledBy: 'application' };

const pool: Omit<DatabaseFile, 'file'> = {
  endpoint: ({ config }: Pool) => endpointOf(config?.connectionConfig),
  methods: {
    query: pooled,
    execute: pooled,
    // A pool calls its waiting callbacks from the request that returned a connection. If a connection is thrown away,
    // it asks again from there, for the callback that has waited longest.
    getConnection: {
      operation: 'connect',
      ends: [byCommand],
      checkout: true,
      waits: checkoutFrom({ isAtOnce }),
      // It opens a connection and tells the application, or a listener is told of the checkout.
      callsOut: (self: Pool) =>
        !isAtOnce(self) || self.emit !== EventEmitter.prototype.emit || self.listenerCount('acquire') > 0,
    },
  },
  // A caller that returns a connection is not one of the callers that wait for it.
  outside: { releaseConnection: true },
};

// 3.11.5 moved the methods of both classes to base classes, which the promise API uses too.
const [before, since] = versionsOf('mysql2');

export const mysql2 = database({
  library: 'mysql2',
  system: 'mysql',
  dialect: 'mysql',
  // Errors that name databases, tables, columns and users.
  harmlessErrors:
    'ER_NO_SUCH_TABLE ER_BAD_TABLE_ERROR ER_BAD_DB_ERROR ER_TABLE_EXISTS_ERROR ER_ACCESS_DENIED_ERROR ' +
    'ER_DBACCESS_DENIED_ERROR ER_TABLEACCESS_DENIED_ERROR ER_BAD_NULL_ERROR ER_DATA_TOO_LONG ER_NO_REFERENCED_ROW_2 ' +
    'ER_ROW_IS_REFERENCED_2 ER_NO_DEFAULT_FOR_FIELD ER_NON_UNIQ_ERROR',
  files: [
    { file: 'mysql2/lib/connection', versions: before, ...connection },
    { file: 'mysql2/lib/base/connection', versions: since, ...connection },
    { file: 'mysql2/lib/pool', versions: before, ...pool },
    { file: 'mysql2/lib/base/pool', versions: since, ...pool },
  ],
});
