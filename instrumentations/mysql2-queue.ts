// What a connection of mysql2 keeps of its commands, and how one of these tells that it starts.
import { asApplication } from '../src/hooks/calls/application.js';
import type { Call, Callback } from '../src/hooks/calls/call.js';
import { bindCallback } from '../src/hooks/calls/callback.js';
import { lookalike } from '../src/hooks/patch.js';
import type { Queue } from '../src/hooks/targets/waits.js';

/** A command, as far as it is leaned on. */
export interface Command {
  onResult?: unknown;
  readonly emit?: unknown;
  readonly start?: unknown;
  readonly constructor?: { readonly name?: unknown };
  /** Of `prepare`: the statement's text. */
  readonly query?: unknown;
  /** Of a prepared statement's `execute`. */
  readonly statement?: { readonly query?: unknown };
  readonly values?: unknown;
  readonly _streamFactory?: unknown;
  readonly _streamLocalInfile?: unknown;
}
interface Connection {
  readonly _command?: Command | null;
  readonly _commands?: { readonly length: number; get(index: number): unknown };
  /** Set when the handshake is done, before the connection's first command is. */
  readonly _handshakePacket?: unknown;
}

export const isHandshake = (command: Command | null | undefined): boolean =>
  command?.constructor?.name === 'ClientHandshake';

/** Whether a command has to wait: for others, or for the connection to be opened. */
export function isBusy({ _command, _commands, _handshakePacket }: Connection): boolean {
  if (_command === null || _command === undefined) return false;
  // A pool hands a connection out while its handshake has just ended: the command runs next, in the same tick.
  return !isHandshake(_command) || !_handshakePacket || _commands?.length !== 0;
}

export const queue: Queue = {
  isBusy,
  isOpening: ({ _command, _handshakePacket }: Connection) => isHandshake(_command) && !_handshakePacket,
  isEmpty: ({ _command, _commands }: Connection) => isHandshake(_command) && _commands?.length === 0,
  lengthOf: ({ _commands }: Connection) => _commands?.length,
  // The first command that the call has added: before it executes a statement it prepares that.
  at: ({ _commands }: Connection, length) => _commands?.get(length),
  watch: watchStart,
};

/** Each class of commands has its own `start`; what is put over it goes away then. */
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
