// Sources that are hooked when the first trace begins; see `shared-sources.ts`.
import type { Socket } from 'node:net';

import { nobody, runIn, shared } from '../trace/context.js';
import { tracing } from '../trace/trace.js';
import { patch } from './patch.js';
import { hostIn } from './peer.js';
import type { Settings } from './settings.js';
import { makeShared } from './shared-sources.js';

type Method = (this: unknown, ...args: unknown[]) => unknown;

/** Connections, servers and ports. */
export function hookLiveSources(ownPort: () => unknown, { peers }: Settings): void {
  const { Server, Socket } = require('node:net') as typeof import('node:net');
  makeShared(Socket.prototype, 'connect', (socket, args) => peers.put(socket as Socket, hostIn(args)));
  makeShared(Server.prototype, 'listen');
  hookBufferedWrites(Socket.prototype);
  hookPorts(ownPort);
}

/** The handle of TLS, over a connection's own, has a context of its own. */
export function hookTls(): void {
  const { TLSSocket } = require('node:tls') as typeof import('node:tls');
  makeShared(TLSSocket.prototype as unknown as Record<string, unknown>, '_wrapHandle');
}

/** A datagram socket has its handle since it was made, by whichever of two ways: its listeners run where it emits. */
export function hookDatagrams(): void {
  const { prototype } = (require('node:dgram') as typeof import('node:dgram')).Socket;
  const emit = prototype.emit as Method;
  Object.defineProperty(prototype, 'emit', {
    value(this: unknown) {
      const args = arguments as unknown as unknown[];
      return tracing.live === 0 ? Reflect.apply(emit, this, args) : runIn(shared(), emit, this, args);
    },
    configurable: true,
    writable: true,
  });
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
