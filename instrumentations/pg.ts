import { EventEmitter } from 'node:events';

import type { MethodHook, PointStart } from '../src/hooks/calls/call.js';
import { waitingCall } from '../src/hooks/calls/callback.js';
import {
  type Endpoint,
  createDatabaseCalls,
  databaseFailed,
  databaseStop,
} from '../src/hooks/targets/database.js';
import { read } from '../src/hooks/guard.js';
import { hookMethod, runOutside } from '../src/hooks/calls/method.js';
import type { ModuleHook } from '../src/hooks/loading/modules.js';
import type { AgentPort } from '../src/hooks/port.js';
import { byCallbackOr, byPromiseOf, unwatched } from '../src/hooks/calls/completion.js';
import { databaseFailure, maskLiterals } from '../src/redaction/sql.js';
import type { Context } from '../src/trace/context.js';
import type { Info } from '../src/trace/event.js';
import { createStamp } from '../src/trace/stamp.js';
import { bySubmittableOr } from './pg-queries.js';
import { rows } from './pg-rows.js';
import {
  byCheckout,
  byOpening,
  byTurnOr,
  isBusy,
  isCheckingOut,
  opensNow,
  serveWaiting,
  watchTurns,
} from './pg-waits.js';
import { versions } from './versions.js';

/** The shapes of pg that are leaned on; its types are not ours to ship. */
interface Client {
  query: (...args: unknown[]) => unknown;
  connect: (...args: unknown[]) => unknown;
  end: (...args: unknown[]) => unknown;
  _pulseQueryQueue: (...args: unknown[]) => unknown;
  readonly host?: unknown;
  readonly port?: unknown;
  readonly database?: unknown;
}
type ClientClass = new (...args: unknown[]) => Client;
interface Pool extends EventEmitter {
  query: (...args: unknown[]) => unknown;
  connect: (...args: unknown[]) => unknown;
  end: (...args: unknown[]) => unknown;
  newClient: (...args: unknown[]) => unknown;
  _acquireClient: (...args: unknown[]) => unknown;
  _pulseQueue: (...args: unknown[]) => unknown;
  _release: (...args: unknown[]) => unknown;
  /** Who waits for a client. */
  readonly _pendingQueue?: readonly { readonly callback?: unknown }[];
  readonly _idle?: readonly unknown[];
  readonly ending?: unknown;
  readonly options?: { readonly log?: unknown; readonly verify?: unknown };
  readonly Client?: ClientClass;
}
type PoolClass = new (...args: unknown[]) => Pool;
type ParametersClass = new (options: object | undefined) => Pick<Client, 'host' | 'port' | 'database'>;
/** A query object of the application's: pg calls `submit` and the handlers. */
interface Submittable {
  readonly submit: unknown;
  readonly text?: unknown;
  /** A stream keeps its query in one. */
  readonly cursor?: { readonly text?: unknown; readonly values?: unknown };
  readonly values?: unknown;
}

const library = 'pg';
const calls = createDatabaseCalls('postgresql');
const none: readonly PointStart[] = [];

// Errors about tables, columns, functions, constraints, users: no value of a row or a parameter is in them.
const namesOnly: ReadonlySet<string> = new Set(
  '42P01 42P02 42P07 42501 42701 42702 42704 42883 23502 23503 23505 23514 28000 28P01 3D000 3F000'.split(
    ' ',
  ),
);

/** How a client class works out where it connects to: a pool has no such fields of its own. */
const parametersOf = new WeakMap<object, ParametersClass>();
const poolEndpoints = createStamp<Endpoint>();

/** PostgreSQL by pg 8: `db` points for calls of pools and clients, `sql` points below them. */
export function pg(agent: AgentPort): readonly ModuleHook[] {
  const failed = (error: unknown, context: Context): Info =>
    databaseFailed(context, databaseFailure(error, namesOnly, agent));
  return [
    {
      file: 'pg/lib/client',
      versions: versions.pg[0],
      install(exports, load) {
        const client = exports as ClientClass;
        parametersOf.set(client, load('lib/connection-parameters') as ParametersClass);
        hookMethod(client.prototype as Client, 'query', {
          library,
          what: 'Client.query',
          // Not where the application has made a class of this one; and a pool's query that has to wait is watched.
          isLent: (self) => Object.getPrototypeOf(self) === client.prototype && !isBusy(self),
          start(self, args, caller) {
            const outer = isInner(caller) ? none : calls(self, 'query', endpointOfClient(self as Client));
            return agent.traceSql && !isBusy(self) ? [...outer, sql(agent, args)] : outer;
          },
          stop: rows,
          failed,
          settles: byTurnOr(
            library,
            (args) => (agent.traceSql ? sql(agent, args) : undefined),
            bySubmittableOr(byCallbackOr(byPromiseOf('_Promise'))),
          ),
        });
        watchTurns(client.prototype as Client);
        hookMethod(client.prototype as Client, 'connect', {
          library,
          what: 'Client.connect',
          handsOut: true,
          // Functions give the password and the stream.
          callsOut: () => true,
          stop: (_result, context) => databaseStop(context, undefined),
          failed,
          start: (self, _args, caller) =>
            isInner(caller) || isCheckingOut()
              ? none
              : calls(self, 'connect', endpointOfClient(self as Client)),
          settles: byOpening(byCallbackOr(byPromiseOf('_Promise'))),
        });
        hookMethod(client.prototype as Client, 'end', ending('Client.end'));
      },
    },
    {
      file: 'pg-pool/index',
      versions: versions['pg-pool'][0],
      install(exports) {
        const prototype = (exports as PoolClass).prototype as Pool;
        const hook = (operation: string, more: Partial<MethodHook>): MethodHook => ({
          library,
          what: `Pool.${operation}`,
          start: (self, _args, caller) =>
            isInner(caller) ? none : calls(self, operation, endpointOfPool(self as Pool)),
          stop: rows,
          failed,
          settles: byCallbackOr(byPromiseOf('Promise')),
          ...more,
        });
        // No call of pg's asks this: within one, it is the application that does.
        hookMethod(
          prototype,
          'query',
          hook('query', { start: (self) => calls(self, 'query', endpointOfPool(self as Pool)) }),
        );
        // A pool calls its waiting callbacks from the request that gave a connection back.
        hookMethod(
          prototype,
          'connect',
          hook('connect', {
            handsOut: true,
            // A client is made, and told of: with the application's classes, functions and listeners.
            callsOut: opensNow,
            stop: (_client, context) => databaseStop(context, undefined),
            settles: byCheckout(library, byCallbackOr(byPromiseOf('Promise'))),
          }),
        );
        hookMethod(prototype, 'end', ending('Pool.end'));
        serveWaiting(prototype);
        // Whoever gives a client back is none of those who wait: a client that is opened for them is not his
        // work, and a callback that was left as it is, while nothing was live, is not to run in his trace.
        runOutside(
          prototype,
          '_pulseQueue',
          (pool) => pool._pendingQueue?.length === 0 || onlyHandsOut(pool),
        );
        // Nor is what listens to that his: a pool's query gives its client back where the connection was opened.
        runOutside(prototype, '_release', (pool) => pool.listenerCount('release') === 0);
      },
    },
  ];
}

/**
 * Whether a pool does no more than hand a client to a call of ours, which goes back to where it was made by itself:
 * nothing of the application's is told on the way. To enter the storage for it would be a tenth of what a query takes more.
 */
function onlyHandsOut(pool: Pool): boolean {
  const next = pool._pendingQueue?.[0];
  return (
    waitingCall(next?.callback) !== undefined &&
    pool._idle !== undefined &&
    pool._idle.length > 0 &&
    pool.ending === false &&
    pool.options?.log === undefined &&
    pool.emit === EventEmitter.prototype.emit &&
    pool.listenerCount('acquire') === 0
  );
}

/** No point; but its callback comes from a connection that another request may have opened. */
function ending(what: string): MethodHook {
  return { library, what, start: () => [], settles: byCallbackOr(unwatched) };
}

/** Part of a call that has a point: a pool's query is also a checkout and a client's query. */
const isInner = (caller: Context): boolean => caller.library === library;

function sql(agent: AgentPort, args: readonly unknown[]): PointStart {
  const [config, values] = args;
  const query = (typeof config === 'object' ? config : undefined) as Submittable | null | undefined;
  const statement = typeof config === 'string' ? config : read(() => query?.text ?? query?.cursor?.text);
  const params = Array.isArray(values) ? values : read(() => query?.values ?? query?.cursor?.values);
  return {
    point: 'sql',
    info: {
      db: {
        system: 'postgresql',
        statement:
          typeof statement === 'string' && agent.maskSql ? maskLiterals(statement, 'postgresql') : statement,
        ...(agent.traceSqlParams && Array.isArray(params) && { params }),
      },
    },
  };
}

function endpointOfClient({ host, port, database }: Pick<Client, 'host' | 'port' | 'database'>): Endpoint {
  return { name: database, host, port };
}

function endpointOfPool(pool: Pool): Endpoint {
  let endpoint = poolEndpoints.of(pool);
  if (endpoint === undefined) {
    endpoint = parametersOfPool(pool);
    poolEndpoints.put(pool, endpoint);
  }
  return endpoint;
}

function parametersOfPool(pool: Pool): Endpoint {
  const Parameters = pool.Client && parametersOf.get(pool.Client);
  try {
    return Parameters === undefined ? {} : endpointOfClient(new Parameters(pool.options));
  } catch {
    // Options that name no server: pg tells the application when it connects.
    return {};
  }
}
