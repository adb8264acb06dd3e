// A part of `mysql2.ts`: reads a connection's queue of commands, and tells when a command starts.
import { asApplication } from '../src/hooks/calls/application.js';
import type { Call, Callback } from '../src/hooks/calls/call.js';
import { bindCallback } from '../src/hooks/calls/callback.js';
import { lookalike } from '../src/hooks/patch.js';
import type { Queue } from '../src/hooks/targets/waits.js';

/** The properties of a command that are used. */
export interface Command {
  onResult?: unknown;
  readonly emit?: unknown;
  readonly start?: unknown;
  readonly constructor?: { readonly name?: unknown };
  /** The text of the statement, on a command of `prepare`. */
  readonly query?: unknown;
  /** The prepared statement, on a command that executes one. */
  readonly statement?: { readonly query?: unknown };
  readonly values?: unknown;
  readonly _streamFactory?: unknown;
  readonly _streamLocalInfile?: unknown;
}
interface Connection {
  readonly _command?: Command | null;
  readonly _commands?: { readonly length: number; get(index: number): unknown };
  /** It is set when the handshake is done, which is before the connection's first command is done. */
  readonly _handshakePacket?: unknown;
}

export const isHandshake = (command: Command | null | undefined): boolean =>
  command?.constructor?.name === 'ClientHandshake';

/** Whether a command has to wait, for other commands or for the connection to be opened. */
export function isBusy({ _command, _commands, _handshakePacket }: Connection): boolean {
  if (_command === null || _command === undefined) return false;
  // A pool hands a connection out just after its handshake: the command then runs next, in the same tick.
  return !isHandshake(_command) || !_handshakePacket || _commands?.length !== 0;
}

export const queue: Queue = {
  isBusy,
  isOpening: ({ _command, _handshakePacket }: Connection) => isHandshake(_command) && !_handshakePacket,
  isEmpty: ({ _command, _commands }: Connection) => isHandshake(_command) && _commands?.length === 0,
  lengthOf: ({ _commands }: Connection) => _commands?.length,
  // This is the first command that the call has added: before a statement is executed, it is prepared.
  at: ({ _commands }: Connection, length) => _commands?.get(length),
  watch: watchStart,
};

/** Tells when a command starts. Each class of commands has its own `start`. Ours is put over it and removed then. */
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

/**
 * Binds the function that gives a `LOAD DATA LOCAL` its data. It is called from the connection's socket, and may ask
 * a database for the data.
 */
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
