// What a call of a database waits for, watched: the turn of its statement, the opening of a connection, a checkout.
import { nobody } from '../../trace/context.js';
import { createStamp } from '../../trace/stamp.js';
import type { PointStart } from '../../trace/vocabulary.js';
import type { Call } from '../calls/call.js';
import { bindEmitter } from '../emitter.js';
import { type Opening, Turn, nowMs, openedBy, openingOf, pointOf, waitedForPool } from './waiting.js';

/** Makes calls of a method and watches what they wait for. */
export interface Waits {
  /** Whether a statement has to wait, so that its `sql` point starts later. */
  isBusy(client: object): boolean;
  /**
   * Makes a call by `call.proceed`.
   *
   * @param sqlOf gives the `sql` point that starts when the statement's turn comes; undefined where there is none
   */
  around(call: Call, library: string, sqlOf: SqlPoint | undefined): unknown;
}

/** Gives the `sql` point of a call's arguments. */
export type SqlPoint = (args: readonly unknown[], self: object) => PointStart;

/** How a connection queues its statements. */
export interface Queue {
  /** Whether a statement has to wait: for others, or until the connection is open. */
  isBusy(connection: object): boolean;
  /** Whether the connection is still being opened. */
  isOpening(connection: object): boolean;
  /** Whether a statement waits for the opening alone. */
  isEmpty(connection: object): boolean;
  /** How many statements are queued. */
  lengthOf(connection: object): number | undefined;
  /** The statement that was queued behind so many. */
  at(connection: object, length: number): unknown;
  /** Has a queued statement tell when it starts; false where it can't. Without it, `takeTurn` tells. */
  watch?(statement: object, started: () => void): boolean;
}

const turns = createStamp<Turn>();

/** A method's statements wait for their turn on the connection. */
export const turnOn = (queue: Queue): Waits => ({
  isBusy: (connection) => queue.isBusy(connection),
  around(call, library, sqlOf) {
    const connection = call.self;
    const point = queue.isBusy(connection) ? pointOf(call, library) : undefined;
    if (point === undefined) return call.proceed();
    const isUnknown = queue.isOpening(connection) && openingOf(connection) === undefined;
    const before = queue.lengthOf(connection);
    const sql = sqlOf?.(call.args, connection);
    const turn = new Turn(call, point, sql, queue.isEmpty(connection), isUnknown);
    const result = call.proceed();
    const statement = before === undefined ? undefined : queue.at(connection, before);
    // Where it was not queued, the connection is lost: the statement will not run.
    if (typeof statement !== 'object' || statement === null) return result;
    if (queue.watch === undefined) turns.put(statement, turn);
    else if (!queue.watch(statement, () => turn.take(connection))) turn.show();
    return result;
  },
});

/** A statement's turn has come, if it waited. */
export function takeTurn(statement: unknown, connection: object): void {
  turns.of(statement)?.take(connection);
}

/** The opening that the running call has begun. */
let begun: Opening | undefined;
let checkingOut = false;

/** Whether a connection is opened by a pool, as part of a checkout. */
export const isCheckingOut = (): boolean => checkingOut;

/** A call opens its connection. */
export function beginOpening(call: Call): Opening {
  begun = openedBy(call, call.self);
  return begun;
}

const isNever = (): boolean => false;

/**
 * A method opens its connection, which then serves others too: its events are nobody's.
 *
 * @param opened the event that tells that the connection is open
 */
export const openingUntil = (opened: string): Waits => ({
  isBusy: isNever,
  around(call) {
    const opening = beginOpening(call);
    bindEmitter(call.self as never, nobody(), call.guard, (event) => {
      if (event === opened) opening.toMs ??= nowMs();
    });
    return call.proceed();
  },
});

/** How a pool hands out its connections. */
export interface Checkouts {
  /** Whether a connection is handed out in the next tick, without anybody before this caller. */
  isAtOnce(pool: object): boolean;
  /** Whether the application is told of a checkout. */
  tells?(pool: object): boolean;
  /** What the pool keeps of those that wait. */
  waiting?(pool: object): readonly unknown[] | undefined;
}

/** The calls that wait, by what their pools keep of them. */
const waiters = createStamp<Call>();

/** The call that an entry of a pool's queue waits for. */
export const waiterOf = (entry: unknown): Call | undefined => waiters.of(entry);

/** A method waits for a connection of its pool. */
export const checkoutFrom = ({ isAtOnce, tells, waiting }: Checkouts): Waits => ({
  isBusy: isNever,
  around(call, library) {
    const pool = call.self;
    const isWaiting = !isAtOnce(pool);
    const point = isWaiting || tells?.(pool) === true ? pointOf(call, library) : undefined;
    if (point === undefined) return call.proceed();
    let own: Opening | undefined;
    if (isWaiting) {
      const fromMs = nowMs();
      call.whenOver = (connection) => waitedForPool(point, fromMs, own, connection);
    }
    const endCheckout = asCheckout();
    const outer = begun;
    begun = undefined;
    const before = waiting?.(pool)?.length ?? 0;
    try {
      return call.proceed();
    } finally {
      own = begun;
      begun = outer;
      endCheckout();
      const entry = waiting?.(pool)?.[before];
      if (typeof entry === 'object' && entry !== null) waiters.put(entry, call);
    }
  },
});

/** What is opened until the function is called that this gives is opened for a checkout. */
export function asCheckout(): () => void {
  const outer = checkingOut;
  checkingOut = true;
  return () => (checkingOut = outer);
}
