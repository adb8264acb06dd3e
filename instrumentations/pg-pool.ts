// Records the pools of pg, by pg-pool 2 and 3: a call is the wait for a client and what is asked of that client.
import { EventEmitter } from 'node:events';

import { waitingCall } from '../src/hooks/calls/callback.js';
import { lastCallback, promiseOf } from '../src/hooks/calls/ends.js';
import { runForWaiting } from '../src/hooks/calls/method.js';
import { read } from '../src/hooks/guard.js';
import { type Endpoint, database } from '../src/hooks/targets/database.js';
import { asCheckout, checkoutFrom, waiterOf } from '../src/hooks/targets/waits.js';
import { createStamp } from '../src/trace/stamp.js';
import { rows } from './pg-rows.js';

interface Pool extends EventEmitter {
  newClient: unknown;
  _acquireClient: unknown;
  readonly _pendingQueue?: readonly { readonly callback?: unknown }[];
  readonly _idle?: readonly unknown[];
  readonly _isFull?: unknown;
  readonly ending?: unknown;
  readonly options?: { readonly log?: unknown; readonly verify?: unknown };
  readonly Client?: { readonly prototype: object };
}

const ends = [lastCallback, promiseOf('Promise')];

export const pgPool = database({
  library: 'pg',
  system: 'postgresql',
  files: [
    {
      file: 'pg-pool/index',
      endpoint,
      methods: {
        query: { text: textOf, ends, rows, calledBy: 'application' },
        // A pool calls its waiting callbacks from the request that returned a client.
        connect: {
          ends,
          checkout: true,
          waits: checkoutFrom({
            isAtOnce,
            tells: (pool: Pool) => tells(pool, false),
            waiting: (pool: Pool) => pool._pendingQueue,
          }),
          // Opening a client calls the application: its classes, functions and listeners.
          callsOut: opensNow,
        },
        end: { ends: [lastCallback], point: false },
      },
      // A caller that returns a client is not one of the callers that wait for it, and neither are the listeners of
      // the return. A client that is opened for a waiting caller is not the returning caller's work. A callback from
      // before the first trace does not run in the returning caller's trace.
      outside: {
        _pulseQueue: (pool: Pool) => pool._pendingQueue?.length === 0 || onlyHandsOut(pool),
        _release: (pool: Pool) => pool.listenerCount('release') === 0,
      },
      // The application is told of a client that is opened or handed out, in the trace of the call that it is for.
      // Pools before 2.0.10 do that elsewhere, outside of any trace.
      also(prototype) {
        const pools = prototype as Pool;
        runForWaiting(
          pools,
          'newClient',
          (_pool, args) => waiterOf(args[0]),
          () => asCheckout('pg'),
        );
        runForWaiting(pools, '_acquireClient', (pool, args) =>
          tells(pool, args[3] === true) ? waiterOf(args[1]) : undefined,
        );
      },
    },
  ],
});

/**
 * What `query` accepts instead of a text: a config, a cursor, a stream (which holds its query in `cursor`) or a
 * `Query`.
 */
export interface PgQuery {
  readonly text?: unknown;
  readonly values?: unknown;
  readonly cursor?: PgQuery;
}

/** The statement of a call of `query`. */
export function textOf([query]: readonly unknown[]): unknown {
  if (typeof query === 'string') return query;
  const given = Object(query) as PgQuery;
  return read(() => given.text ?? given.cursor?.text);
}

type ParametersClass = new (options: object | undefined) => {
  readonly host?: unknown;
  readonly port?: unknown;
  readonly database?: unknown;
};

/**
 * The classes that work out where a client connects to, by the prototypes of client classes. A pool itself has no
 * such fields.
 */
const parameters = new WeakMap<object, ParametersClass>();
const endpoints = createStamp<Endpoint>();

/** @param Parameters what pg's `lib/connection-parameters` exports */
export function noteParameters(client: object, Parameters: unknown): void {
  parameters.set(client, Parameters as ParametersClass);
}

function endpoint(pool: Pool): Endpoint {
  let known = endpoints.of(pool);
  if (known === undefined) {
    const Parameters = pool.Client && parameters.get(pool.Client.prototype);
    // It throws for options that name no server. pg then tells the application when it connects.
    const its = Parameters && read(() => new Parameters(pool.options));
    known = its === undefined ? {} : { name: its.database, host: its.host, port: its.port };
    endpoints.put(pool, known);
  }
  return known;
}

/** Whether a pool hands out a client in the next tick, with nobody before this caller. */
function isAtOnce({ _idle, _pendingQueue, ending }: Pool): boolean {
  return ending === false && _pendingQueue?.length === 0 && _idle !== undefined && _idle.length > 0;
}

/** Whether a pool opens a client at once. */
function opensNow(pool: Pool): boolean {
  if (pool._idle?.length !== 0 || typeof pool._isFull !== 'function') return false;
  return Reflect.apply(pool._isFull as () => unknown, pool, []) === false;
}

const isTold = (pool: Pool): boolean =>
  pool.emit !== EventEmitter.prototype.emit || pool.listenerCount('acquire') > 0;

/** Whether the application is told when a client is handed out. */
function tells(pool: Pool, isNew: boolean): boolean {
  return isTold(pool) || (isNew && (pool.listenerCount('connect') > 0 || pool.options?.verify !== undefined));
}

/**
 * Whether a pool only hands a client to a call of ours, whose callback returns to its caller's context by itself, and
 * tells the application nothing on the way. Entering the storage for that would take a tenth of a query's cost.
 */
function onlyHandsOut(pool: Pool): boolean {
  const { _pendingQueue, _idle, ending, options } = pool;
  const isWaiting = waitingCall(_pendingQueue?.[0]?.callback) !== undefined;
  return (
    isWaiting &&
    _idle !== undefined &&
    _idle.length > 0 &&
    ending === false &&
    options?.log === undefined &&
    !isTold(pool)
  );
}
