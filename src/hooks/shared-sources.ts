// What outlives the request that made it, and then serves others: connections, servers, ports, intervals, watchers.
// Node calls their listeners in the context in which they were made. So while something is traced they are made in
// nobody's place: what a request does in such a callback is not recorded, but no other's work stands in its trace.
import type { Socket } from 'node:net';

import { nobody, runIn, shared } from '../trace/context.js';
import { tracing } from '../trace/trace.js';
import type { LateBuiltin } from './late-builtins.js';
import { patch } from './patch.js';

type Method = (this: unknown, ...args: unknown[]) => unknown;

/** Functions that applications take out of their modules: hooked when the agent starts. */
export function hookMadeSources(): void {
  const fs = require('node:fs') as typeof import('node:fs');
  const timers = require('node:timers') as typeof import('node:timers');
  const isGlobal = globalThis.setInterval === timers.setInterval;
  makeShared(fs, 'watch');
  makeShared(fs, 'watchFile');
  makeShared(timers, 'setInterval');
  if (isGlobal) globalThis.setInterval = timers.setInterval;
}

/**
 * Methods that are looked up at each call: hooked when the first trace begins.
 *
 * @param ownPort gives a port whose messages are the thread's own
 */
export function hookLiveSources(ownPort: () => unknown): void {
  const { Server, Socket } = require('node:net') as typeof import('node:net');
  makeShared(Socket.prototype, 'connect');
  makeShared(Server.prototype, 'listen');
  hookBufferedWrites(Socket.prototype);
  hookPorts(ownPort);
}

/** Parts of Node that few applications load. */
export const lateSources: readonly LateBuiltin[] = [
  {
    module: 'tls',
    // The handle over a connection's own has a context of its own.
    install() {
      const { TLSSocket } = require('node:tls') as typeof import('node:tls');
      makeShared(TLSSocket.prototype as unknown as Record<string, unknown>, '_wrapHandle');
    },
  },
  {
    module: 'dgram',
    // Its handle is there since it was made, by whichever of two ways: its events are where listeners run.
    install() {
      const { Socket } = require('node:dgram') as typeof import('node:dgram');
      const { prototype } = Socket;
      const emit = prototype.emit as Method;
      Object.defineProperty(prototype, 'emit', {
        value(this: unknown) {
          const args = arguments as unknown as unknown[];
          return tracing.live === 0 ? Reflect.apply(emit, this, args) : runIn(shared(), emit, this, args);
        },
        configurable: true,
        writable: true,
      });
    },
  },
];

function makeShared<Owner extends object>(owner: Owner, method: keyof Owner & string): void {
  patch(
    owner,
    method,
    (original) =>
      function (this: unknown) {
        const args = arguments as unknown as unknown[];
        return tracing.live === 0
          ? Reflect.apply(original, this, args)
          : runIn(shared(), original, this, args);
      },
  );
}

/**
 * What waits in a socket's buffer is written when the write before it is done, in the context of that one, and so
 * is its callback called: that of another request.
 */
function hookBufferedWrites(prototype: Socket): void {
  for (const method of ['_write', '_writev'] as const) {
    patch(
      prototype as Socket & Record<typeof method, unknown>,
      method,
      (original) =>
        function (this: unknown) {
          const args = arguments as unknown as unknown[];
          return tracing.live > 0 && isFromBuffer(this)
            ? runIn(nobody(), original, this, args)
            : Reflect.apply(original, this, args);
        },
    );
  }
}

function isFromBuffer(socket: unknown): boolean {
  const { _writableState: state } = socket as { _writableState?: { readonly bufferProcessing?: unknown } };
  return state?.bufferProcessing === true;
}

// How Node hands a message to a port, also to those behind workers, `parentPort` and broadcast channels.
const dispatch = Symbol.for('nodejs.internal.kHybridDispatch');

/** A message may be anybody's: a thread of a pool, and who waits for its answers, serve many requests. */
function hookPorts(ownPort: () => unknown): void {
  const { MessagePort } = require('node:worker_threads') as typeof import('node:worker_threads');
  const prototype = MessagePort.prototype as unknown as Record<symbol, unknown>;
  const original = prototype[dispatch];
  if (typeof original !== 'function' || Object.hasOwn(prototype, dispatch)) return;
  Object.defineProperty(prototype, dispatch, {
    value(this: unknown) {
      const args = arguments as unknown as unknown[];
      return tracing.live === 0 || this === ownPort()
        ? Reflect.apply(original as Method, this, args)
        : runIn(nobody(), original as Method, this, args);
    },
    configurable: true,
    writable: true,
  });
}
