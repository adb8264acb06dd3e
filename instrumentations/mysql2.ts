import {
  type Callback,
  type MethodHook,
  type PointStart,
  type Settling,
  bindCallback,
  hookMethod,
  settlingCallback,
} from '../src/hooks/call.js';
import { bindEmitter } from '../src/hooks/emitter.js';
import { read } from '../src/hooks/guard.js';
import type { ModuleHook, VersionRange } from '../src/hooks/modules.js';
import type { Settings } from '../src/hooks/settings.js';
import { byCallbackOr, byEvents } from '../src/hooks/settling.js';
import type { Context } from '../src/trace/context.js';
import type { Info } from '../src/trace/event.js';

/** The shapes of mysql2 that are leaned on; its types are not ours to ship. */
interface Endpoint {
  readonly host?: unknown;
  readonly port?: unknown;
  readonly database?: unknown;
}
type Method = (...args: unknown[]) => unknown;
interface Connection {
  query: Method;
  execute: Method;
  addCommand: Method;
  readonly config?: Endpoint;
}
interface Pool {
  query: Method;
  execute: Method;
  getConnection: Method;
  readonly config?: { readonly connectionConfig?: Endpoint };
}
interface Command {
  onResult?: unknown;
  readonly emit?: unknown;
}

const library = 'mysql2';

// mysql2 3.11.5 moved the methods of both classes to base classes, which the promise API uses too.
const before: VersionRange = ['2.0.0', '3.11.5'];
const since: VersionRange = ['3.11.5', '4.0.0'];

/** MySQL and MariaDB by mysql2 2 and 3: `db` points for calls of pools and connections, `sql` below them. */
export function mysql2(settings: Settings): readonly ModuleHook[] {
  const connection = (exports: unknown): void => {
    const { prototype } = exports as { prototype: Connection };
    for (const operation of ['query', 'execute'] as const) {
      hookMethod(prototype, operation, {
        library,
        what: `Connection.${operation}`,
        start: (self, args, caller) => [
          ...call(operation, (self as Connection).config, caller),
          ...sql(settings, args),
        ],
        stop: rows,
        settles: byCallbackAndEvents(byCommand),
      });
    }
    // All else that a connection is asked (prepared statements, `ping`, …) comes through here. It is no
    // point, but its callbacks come from the connection's socket, which another request may have opened.
    hookMethod(prototype, 'addCommand', {
      library,
      what: 'Connection.addCommand',
      start: () => [],
      settles: bindCommand,
    });
  };
  const pool = (exports: unknown): void => {
    const { prototype } = exports as { prototype: Pool };
    const hook = (operation: string, more: Pick<MethodHook, 'stop' | 'handsOut'>): MethodHook => ({
      library,
      what: `Pool.${operation}`,
      start: (self, _args, caller) => call(operation, (self as Pool).config?.connectionConfig, caller),
      ...more,
      settles: byCallbackAndEvents((_, invoke) => invoke()),
    });
    hookMethod(prototype, 'query', hook('query', { stop: rows }));
    hookMethod(prototype, 'execute', hook('execute', { stop: rows }));
    // A pool calls its waiting callbacks from the request that gave a connection back.
    hookMethod(prototype, 'getConnection', hook('connect', { handsOut: true }));
  };
  return [
    { file: 'mysql2/lib/connection', versions: before, install: connection },
    { file: 'mysql2/lib/base/connection', versions: since, install: connection },
    { file: 'mysql2/lib/pool', versions: before, install: pool },
    { file: 'mysql2/lib/base/pool', versions: since, install: pool },
  ];
}

/** A point for the outermost call alone: a pool's query is also a checkout and a connection's query. */
function call(operation: string, endpoint: Endpoint | undefined, caller: Context): readonly PointStart[] {
  if (caller.library === library) return [];
  const { host, port, database: name } = endpoint ?? {};
  return [{ point: 'db', info: { db: { system: 'mysql', operation, name, host, port } } }];
}

/** Taken before mysql2 formats the statement: later on the values are in its text. */
function sql(settings: Settings, args: readonly unknown[]): readonly PointStart[] {
  if (!settings.traceSql) return [];
  const [query, given] = args as [string | { sql?: unknown; values?: unknown } | null | undefined, unknown];
  const options = typeof query === 'object' ? query : undefined;
  const statement = typeof query === 'string' ? query : read(() => options?.sql);
  const params = typeof given === 'object' && given !== null ? given : read(() => options?.values);
  return [
    {
      point: 'sql',
      info: {
        db: {
          system: 'mysql',
          statement,
          ...(settings.traceSqlParams && params !== undefined && { params }),
        },
      },
    },
  ];
}

function rows(result: unknown): Info | undefined {
  if (Array.isArray(result)) return { db: { rows: result.length } };
  const affected = (result as { affectedRows?: unknown } | undefined)?.affectedRows;
  return typeof affected === 'number' ? { db: { rows: affected } } : undefined;
}

/** A command emits its events beside calling back, and all of them come from the connection's socket. */
const byCallbackAndEvents =
  (otherwise: Settling): Settling =>
  (traced, invoke) =>
    byCallbackOr(otherwise)(traced, () => byEvents(traced, invoke));

/** A pool passes a command that already has its callback; the connection gives the same command back. */
const byCommand: Settling = (traced, invoke) => {
  const [given] = traced.args as [string | Command | null | undefined];
  if (typeof given === 'object' && typeof given?.onResult === 'function') {
    given.onResult = settlingCallback(traced, given.onResult as Callback);
  }
  return invoke();
};

/** Brings what a command calls back to where it was given; the hooked calls do that themselves. */
const bindCommand: Settling = (traced, invoke) => {
  const [command] = traced.args as [Command | null | undefined];
  if (typeof command === 'object' && command !== null) {
    if (typeof command.onResult === 'function') {
      command.onResult = bindCallback(command.onResult as Callback, traced.caller);
    }
    if (typeof command.emit === 'function') bindEmitter(command as never, traced.caller, traced.guard);
  }
  return invoke();
};
