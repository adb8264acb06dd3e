// What a call of mysql2 waits for: a connection of its pool, the opening of one, its turn on one.
import { EventEmitter } from 'node:events';

import { asApplication } from '../src/hooks/calls/application.js';
import type { Call, Callback, PointStart, Settling } from '../src/hooks/calls/call.js';
import { bindCallback } from '../src/hooks/calls/callback.js';
import { lookalike } from '../src/hooks/patch.js';
import {
  type Opening,
  Turn,
  nowMs,
  openedBy,
  openingOf,
  pointOf,
  waitedForPool,
} from '../src/hooks/targets/waiting.js';

interface Command {
  readonly start?: unknown;
  readonly _streamFactory?: unknown;
  readonly _streamLocalInfile?: unknown;
  readonly constructor?: { readonly name?: unknown };
}
/** What a connection keeps of its commands. */
interface Connection {
  readonly _command?: Command | null;
  readonly _commands?: { readonly length: number; get(index: number): unknown };
  /** Set when the handshake is done, before the connection's first command is. */
  readonly _handshakePacket?: unknown;
}
interface Pool extends EventEmitter {
  readonly _freeConnections?: { readonly length: number };
}

const isHandshake = (command: Command | null | undefined): boolean =>
  command?.constructor?.name === 'ClientHandshake';

/** Whether a command has to wait: for others, or for the connection to be opened. */
export function isBusy(connection: object): boolean {
  const { _command, _commands, _handshakePacket } = connection as Connection;
  if (_command === null || _command === undefined) return false;
  // A pool hands a connection out while its handshake has just ended: the command runs next, in the same tick.
  return !isHandshake(_command) || !_handshakePacket || _commands?.length !== 0;
}

/** Watches for the turn of a command that has to wait for it; its `sql` point starts then. */
export const byTurnOr =
  (library: string, sql: (traced: Call) => PointStart | undefined, otherwise: Settling): Settling =>
  (traced) => {
    const connection = traced.self as Connection;
    const point = isBusy(connection) ? pointOf(traced, library) : undefined;
    if (point === undefined) return otherwise(traced);
    const isUnknown =
      isHandshake(connection._command) && !connection._handshakePacket && openingOf(connection) === undefined;
    const before = connection._commands?.length;
    const isFirst = isHandshake(connection._command) && before === 0;
    const turn = new Turn(traced, point, sql(traced), isFirst, isUnknown);
    const result = otherwise(traced);
    // The first one that the call has added: before it executes a statement it prepares that.
    const command = before === undefined ? undefined : connection._commands?.get(before);
    if (
      typeof command === 'object' &&
      command !== null &&
      !watchStart(command, () => turn.take(connection))
    ) {
      turn.show();
    }
    return result;
  };

/**
 * Tells when a command starts. Each class of commands has its own `start`; what is put over it goes away then.
 *
 * @returns whether it will
 */
function watchStart(command: Command, started: () => void): boolean {
  const { start } = command;
  if (typeof start !== 'function') return false;
  const value = lookalike(start, (self, args) => {
    Reflect.deleteProperty(command, 'start');
    started();
    return Reflect.apply(start as Callback, self, args);
  });
  return Reflect.defineProperty(command, 'start', { value, configurable: true, writable: true });
}

/** The opening that the running call has begun. */
let begun: Opening | undefined;

/** A connection's constructor gives it a handshake: so it is being opened. */
export function watchOpening(traced: Call): void {
  if (isHandshake(traced.args[0] as Command | undefined)) begun = openedBy(traced, traced.self);
}

const isAtOnce = (pool: object): boolean => {
  const free = (pool as Pool)._freeConnections;
  return free !== undefined && free.length > 0;
};

/** Whether a pool calls the application: it opens a connection and tells of it, or there is somebody whom it tells. */
export function callsOut(pool: object): boolean {
  const { emit } = pool as Pool;
  return (
    !isAtOnce(pool) || emit !== EventEmitter.prototype.emit || (pool as Pool).listenerCount('acquire') > 0
  );
}

/** Watches the wait for a connection. */
export const byCheckout =
  (library: string, otherwise: Settling): Settling =>
  (traced) => {
    const point = isAtOnce(traced.self) ? undefined : pointOf(traced, library);
    if (point === undefined) return otherwise(traced);
    const fromMs = nowMs();
    let own: Opening | undefined;
    traced.whenOver = (connection) => waitedForPool(point, fromMs, own, connection);
    const outer = begun;
    begun = undefined;
    try {
      return otherwise(traced);
    } finally {
      own = begun;
      begun = outer;
    }
  };

/** A `LOAD DATA LOCAL` calls from the connection's socket what gives it the data, which may ask a database for them. */
export function bindFactory(command: unknown, { context, caller }: Call): void {
  const { _streamFactory, _streamLocalInfile: stream } = Object(command) as Command;
  if (typeof _streamFactory !== 'function' || typeof stream !== 'function') return;
  const within = context ?? caller;
  const value = bindCallback(stream as Callback, within && asApplication(within));
  Reflect.defineProperty(command as object, '_streamLocalInfile', {
    value,
    configurable: true,
    writable: true,
  });
}
