// Watches what a call of a database waits for: the turn of its statement, the opening of a connection, a checkout.
import { nobody } from '../../trace/context.js';
import { createStamp } from '../../trace/stamp.js';
import type { PointStart } from '../../trace/vocabulary.js';
import type { Call } from '../calls/call.js';
import { bindEmitter } from '../emitter.js';
import {
  type Count,
  type Opening,
  Turn,
  countOpening,
  countTurn,
  nowMs,
  openedBy,
  openingOf,
  pointOf,
  waitedForPool,
} from './waiting.js';

/** Makes calls of a method and watches what they wait for. */
export interface Waits {
  /** Whether a statement has to wait, so that its `sql` point starts later. */
  isBusy(client: object): boolean;
  /**
   * Makes a call by `call.proceed`.
   *
   * @param sqlOf gives the `sql` point that starts with the statement's turn; undefined if there is none
   */
  around(call: Call, library: string, sqlOf: SqlPoint | undefined): unknown;
  /** Called after the method was called once more for the same request. */
  again?(client: object, request: object): void;
}

/** Gives the `sql` point of a call's arguments. */
export type SqlPoint = (args: readonly unknown[], self: object) => PointStart;

/** How a connection queues its statements. */
export interface Queue {
  /** Whether a statement has to wait, for other statements or until the connection is open. */
  isBusy(connection: object): boolean;
  /** Whether the connection is still being opened. */
  isOpening(connection: object): boolean;
  /** Whether a statement waits for the opening alone. */
  isEmpty(connection: object): boolean;
  /** How many statements are queued. */
  lengthOf(connection: object): number | undefined;
  /** The statement that was queued when there were this many others. */
  at(connection: object, length: number): unknown;
  /**
   * Makes a queued statement tell when it starts; false if it cannot. If the queue has no such method, `takeTurn`
   * tells.
   */
  watch?(statement: object, started: () => void): boolean;
}

const turns = createStamp<Turn>();

/** The statements of a method wait for their turn on the connection. */
export const turnOn = (queue: Queue): Waits => ({
  isBusy: (connection) => queue.isBusy(connection),
  around(call, library, sqlOf) {
    const connection = call.self;
    const point = queue.isBusy(connection) ? pointOf(call, library) : undefined;
    if (point === undefined) return call.proceed();
    const isUnknown = queue.isOpening(connection) && openingOf(connection) === undefined;
    const before = queue.lengthOf(connection);
    const sql = sqlOf?.(call.args, connection);
    const count = queue.isEmpty(connection) ? countOpening : countTurn;
    const turn = new Turn(call, point, sql, isUnknown ? undefined : count);
    const result = call.proceed();
    const statement = before === undefined ? undefined : queue.at(connection, before);
    // A statement that was not queued will not run: the connection is lost.
    if (typeof statement !== 'object' || statement === null) return result;
    if (queue.watch === undefined) turns.put(statement, turn);
    else if (!queue.watch(statement, () => turn.take(connection))) turn.show();
    return result;
  },
});

/** How a connection sends its statements. Each is an object that the method gets as its first argument. */
export interface Outbox {
  /** Whether a statement is not sent at once. */
  isBusy(connection: object): boolean;
  /** Whether a statement that the method has got is queued. Otherwise it was sent, or refused. */
  isQueued(connection: object, statement: object): boolean;
  /** What is given to `takeTurn` when a queued statement is sent; the statement itself if undefined. */
  sentAs?(statement: object): object | undefined;
  /** Adds the wait until the statement was sent; undefined if it is not known what a statement waits for. */
  count(connection: object): Count | undefined;
}

/** The whole wait was that for the connection. */
export const countConnect: Count = (its, fromMs, untilMs) => {
  its.connectMs += untilMs - fromMs;
};

const itself = (statement: object): object => statement;

/**
 * The statements of a method wait until they are sent, and the connection answers them in order. `again`, or
 * `takeTurn`, tells when a queued statement is sent.
 */
export const untilSent = (outbox: Outbox): Waits => {
  const tell = (connection: object, statement: object): void => {
    if (!outbox.isQueued(connection, statement)) takeTurn(statement, connection);
  };
  return {
    isBusy: (connection) => outbox.isBusy(connection),
    around(call, library, sqlOf) {
      const connection = call.self;
      const statement = call.args[0] as object;
      const point = outbox.isBusy(connection) ? pointOf(call, library) : undefined;
      if (point === undefined) return call.proceed();
      const sql = sqlOf?.(call.args, connection);
      const turn = new Turn(call, point, sql, outbox.count(connection));
      const result = call.proceed();
      turns.put((outbox.sentAs ?? itself)(statement) ?? statement, turn);
      tell(connection, statement);
      return result;
    },
    again: tell,
  };
};

/** Notes that a statement's turn has come, if it waited. */
export function takeTurn(statement: unknown, connection: object): void {
  turns.of(statement)?.take(connection);
}

/** What the running call of a library is about. */
interface Running {
  /** The opening that it has begun. */
  begun: Opening | undefined;
  isCheckingOut: boolean;
}

const running = new Map<string, Running>();

function runningOf(library: string): Running {
  let its = running.get(library);
  if (its === undefined) running.set(library, (its = { begun: undefined, isCheckingOut: false }));
  return its;
}

/** Whether a pool of a library is opening a connection as part of a checkout. */
export const isCheckingOut = (library: string): boolean => runningOf(library).isCheckingOut;

/** Notes that a call opens its connection. */
export function beginOpening(call: Call, library: string): Opening {
  const opening = openedBy(call, call.self);
  runningOf(library).begun = opening;
  return opening;
}

const isNever = (): boolean => false;

/**
 * A method opens its connection, which then serves others too, so its events are emitted in nobody's place.
 *
 * @param opened the event that tells that the connection is open
 */
export const openingUntil = (opened: string): Waits => ({
  isBusy: isNever,
  around(call, library) {
    const opening = beginOpening(call, library);
    bindEmitter(call.self as never, nobody(), call.guard, (event) => {
      if (event === opened) opening.toMs ??= nowMs();
    });
    return call.proceed();
  },
});

/** How a pool hands out its connections. */
export interface Checkouts {
  /** Whether a connection is handed out in the next tick, with nobody before this caller. */
  isAtOnce(pool: object): boolean;
  /** Whether the application is told of a checkout. */
  tells?(pool: object): boolean;
  /** The pool's list of waiting callers. */
  waiting?(pool: object): readonly unknown[] | undefined;
}

/** The waiting calls, by their entries in a pool's list. */
const waiters = createStamp<Call>();

/** The call that an entry of a pool's queue waits for. */
export const waiterOf = (entry: unknown): Call | undefined => waiters.of(entry);

/** The calls of a method wait for a connection of its pool. */
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
    const endCheckout = asCheckout(library);
    const its = runningOf(library);
    const outer = its.begun;
    its.begun = undefined;
    const before = waiting?.(pool)?.length ?? 0;
    try {
      return call.proceed();
    } finally {
      own = its.begun;
      its.begun = outer;
      endCheckout();
      const entry = waiting?.(pool)?.[before];
      if (typeof entry === 'object' && entry !== null) waiters.put(entry, call);
    }
  },
});

/** Marks openings as part of a checkout, until the returned function is called. */
export function asCheckout(library: string): () => void {
  const its = runningOf(library);
  const outer = its.isCheckingOut;
  its.isCheckingOut = true;
  return () => (its.isCheckingOut = outer);
}
