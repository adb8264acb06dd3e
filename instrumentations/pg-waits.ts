// What a call of pg waits for: a client of its pool, the opening of one, its turn on one.
import { EventEmitter } from 'node:events';

import type { Call, PointStart, Settling } from '../src/hooks/calls/call.js';
import { bindEmitter } from '../src/hooks/emitter.js';
import { observeAfter, runForWaiting } from '../src/hooks/calls/method.js';
import {
  type Opening,
  Turn,
  nowMs,
  openedBy,
  openingOf,
  pointOf,
  waitedForPool,
} from '../src/hooks/targets/waiting.js';
import { nobody as nobodysPlace } from '../src/trace/context.js';
import { createStamp } from '../src/trace/stamp.js';

/** What a client keeps of its queries; 8.17 gave it other names, and the old ones warn. */
interface Client {
  readonly readyForQuery?: unknown;
  readonly _connected?: unknown;
  readonly _queryQueue?: readonly unknown[];
  readonly _activeQuery?: unknown;
  readonly queryQueue?: readonly unknown[];
  readonly activeQuery?: unknown;
  /** Of a client that pipelines: those that were sent and wait for the ones before them. */
  readonly _sentQueryQueue?: readonly unknown[];
}
interface Pool {
  readonly _idle?: readonly unknown[];
  readonly _pendingQueue?: readonly unknown[];
  readonly ending?: unknown;
  readonly _isFull?: unknown;
}

const nobody: readonly unknown[] = [];
const queued = (client: Client): readonly unknown[] => client._queryQueue ?? client.queryQueue ?? nobody;
const sent = (client: Client): readonly unknown[] => client._sentQueryQueue ?? nobody;
const active = (client: Client): unknown =>
  client._queryQueue === undefined ? client.activeQuery : client._activeQuery;

/** By the query objects that wait. */
const turns = createStamp<Turn>();

/** Whether a statement has to wait: for others, or until the client is connected. */
export function isBusy(client: object): boolean {
  const { readyForQuery, _connected } = client as Client;
  if (queued(client).length > 0) return true;
  if (readyForQuery === true) return false;
  // A client tells that it is connected, or that a query has failed, just before it goes on with the next one.
  return _connected !== true || isActive(client) || sent(client).length > 0;
}

const isActive = (client: Client): boolean => (active(client) ?? undefined) !== undefined;

/** Watches for the turn of a query that has to wait for it; its `sql` point starts then. */
export const byTurnOr =
  (
    library: string,
    sql: (args: readonly unknown[]) => PointStart | undefined,
    otherwise: Settling,
  ): Settling =>
  (traced) => {
    const client = traced.self as Client;
    const point = isBusy(client) ? pointOf(traced, library) : undefined;
    if (point === undefined) return otherwise(traced);
    const start = sql(traced.args);
    const isUnknown = openingOf(client) === undefined && client._connected !== true;
    const before = [queued(client).length, sent(client).length] as const;
    const isFirst = before[0] === 0 && before[1] === 0 && !isActive(client);
    const turn = new Turn(traced, point, start, isFirst, isUnknown);
    const result = otherwise(traced);
    const query =
      queued(client).length > before[0]
        ? queued(client).at(-1)
        : sent(client).length > before[1] && sent(client).at(-1);
    // Where it was not taken, the client is lost: it will not run.
    if (typeof query === 'object' && query !== null) turns.put(query, turn);
    return result;
  };

/** Tells whose turn it is, after each answer. A pipelined query was sent before: it runs when those before it are answered. */
export function watchTurns(prototype: { _pulseQueryQueue: (...args: unknown[]) => unknown }): void {
  observeAfter(prototype, '_pulseQueryQueue', 'the turns of pg', (client) =>
    turns.of(active(client as Client))?.take(client),
  );
}

/** The opening that the running call has begun. */
let begun: Opening | undefined;
let checkingOut = false;

/** Whether a client is connected by a pool, as part of a call of that. */
export const isCheckingOut = (): boolean => checkingOut;

/** Watches a client being opened. */
export const byOpening =
  (otherwise: Settling): Settling =>
  (traced) => {
    const opening = openedBy(traced, traced.self);
    begun = opening;
    // Notices and notifications are nobody's, though the connection may be opened in a trace.
    bindEmitter(traced.self as never, nobodysPlace(), traced.guard, (event) => {
      if (event === 'connect') opening.toMs ??= nowMs();
    });
    return otherwise(traced);
  };

/** Whether a pool hands out a client in the next tick, without anybody before this one. */
export function isAtOnce(pool: object): boolean {
  const { _idle, _pendingQueue, ending } = pool as Pool;
  return ending === false && _pendingQueue?.length === 0 && _idle !== undefined && _idle.length > 0;
}

/** Whether a pool opens a client at once. */
export function opensNow(pool: object): boolean {
  const { _idle, _isFull } = pool as Pool;
  if (_idle?.length !== 0 || typeof _isFull !== 'function') return false;
  return Reflect.apply(_isFull as () => unknown, pool, []) === false;
}

/** The calls that wait, by what their pools keep of them. */
const waiters = createStamp<Call>();

/** Watches the wait for a client. */
export const byCheckout =
  (library: string, otherwise: Settling): Settling =>
  (traced: Call) => {
    const pool = traced.self as Pool & Serving;
    const isWaiting = !isAtOnce(pool);
    const point = isWaiting || tells(pool, false) ? pointOf(traced, library) : undefined;
    if (point === undefined) return otherwise(traced);
    let own: Opening | undefined;
    if (isWaiting) {
      const fromMs = nowMs();
      traced.whenOver = (client) => waitedForPool(point, fromMs, own, client);
    }
    const outer = [begun, checkingOut] as const;
    [begun, checkingOut] = [undefined, true];
    const before = pool._pendingQueue?.length ?? 0;
    try {
      return otherwise(traced);
    } finally {
      own = begun;
      [begun, checkingOut] = outer;
      const item = pool._pendingQueue?.[before];
      if (typeof item === 'object' && item !== null) waiters.put(item, traced);
    }
  };

/** What a pool does for a call that has waited; older pools than 2.0.10 do it elsewhere, outside of any trace. */
interface Serving extends EventEmitter {
  newClient: (...args: unknown[]) => unknown;
  _acquireClient: (...args: unknown[]) => unknown;
  readonly options?: { readonly verify?: unknown };
}

/** Has the application told of a client that is opened or handed out in the trace of the call that it is for. */
export function serveWaiting(prototype: Serving): void {
  runForWaiting(prototype, 'newClient', (_pool, args) => waiters.of(args[0]), asCheckout);
  runForWaiting(prototype, '_acquireClient', (pool, args) =>
    tells(pool, args[3] === true) ? waiters.of(args[1]) : undefined,
  );
}

function asCheckout(): () => void {
  const outer = checkingOut;
  checkingOut = true;
  return () => (checkingOut = outer);
}

/** Whether anybody is told when a client is handed out. */
function tells(pool: Serving, isNew: boolean): boolean {
  if (pool.emit !== EventEmitter.prototype.emit || pool.listenerCount('acquire') > 0) return true;
  return isNew && (pool.listenerCount('connect') > 0 || pool.options?.verify !== undefined);
}
