// Hooks shared sources when the first trace begins: connections, servers, ports and streams; see `shared-sources.ts`.
import type { Socket } from 'node:net';
import type { Writable } from 'node:stream';

import { nobody, place, runIn } from '../../trace/context.js';
import { createStamp } from '../../trace/stamp.js';
import type { Trace } from '../../trace/trace.js';
import { tracing } from '../../trace/trace.js';
import type { Callback } from '../calls/call.js';
import { bindCallback } from '../calls/callback.js';
import { lookalike, patch } from '../patch.js';
import { noteConnect, noteStep } from '../targets/connecting.js';
import { hostIn } from '../targets/peer.js';
import type { AgentPort } from '../port.js';
import { dispatch, knownPorts, makeShared } from './shared-sources.js';

type Method = (this: unknown, ...args: unknown[]) => unknown;

/** Hooks connections, servers, streams and ports. */
export function hookLiveSources(ownPort: () => unknown, { peers }: AgentPort): void {
  const { Server, Socket } = require('node:net') as typeof import('node:net');
  makeShared(Socket.prototype, 'connect', (socket, args) => {
    peers.put(socket as Socket, hostIn(args));
    noteConnect(socket as Socket);
  });
  makeShared(Server.prototype, 'listen');
  shareEvents(Socket.prototype, noteStep);
  hookWrites();
  hookPorts(ownPort);
}

/** The handle of TLS wraps a connection's own handle, and has a context of its own. */
export function hookTls(): void {
  const { TLSSocket } = require('node:tls') as typeof import('node:tls');
  makeShared(TLSSocket.prototype as unknown as Record<string, unknown>, '_wrapHandle');
}

/** A datagram socket has a handle from the beginning, made in one of two ways. */
export function hookDatagrams(): void {
  shareEvents((require('node:dgram') as typeof import('node:dgram')).Socket.prototype);
}

/**
 * Makes listeners run in nobody's place, also those of an object that was made earlier or from a file descriptor. An
 * object that takes part in a trace has an `emit` of its own, which restores its context.
 *
 * @param note sees each event while a trace is live; it must not throw
 */
export function shareEvents(prototype: object, note?: (self: object, event: unknown) => void): void {
  const owner = prototype as { emit: Method };
  const original = Object.hasOwn(prototype, 'emit') ? owner.emit : undefined;
  const inherited = Object.getPrototypeOf(prototype) as { readonly emit: Method };
  Object.defineProperty(prototype, 'emit', {
    value: function emit(this: unknown, event: unknown) {
      const args = arguments as unknown as unknown[];
      // The inherited `emit` is looked up at each call: `node:domain` replaces it when it is loaded.
      const next = original ?? inherited.emit;
      if (tracing.live === 0) return Reflect.apply(next, this, args);
      note?.(this as object, event);
      return runIn(nobody(), next, this, args);
    },
    configurable: true,
    writable: true,
  });
}

/**
 * Binds the callbacks of writes, and keeps buffered writes out of traces. A chunk in a stream's buffer is written,
 * and its callback called, when the write before it is done: in the context of that write, which another request may
 * have made. Each callback is therefore bound. If several requests write to a stream, its buffered chunks are written
 * in nobody's place.
 */
function hookWrites(): void {
  const { Duplex, Writable } = require('node:stream') as typeof import('node:stream');
  const { Socket } = require('node:net') as typeof import('node:net');
  for (const prototype of [Writable.prototype, Duplex.prototype]) {
    patch(
      prototype,
      'write',
      (original) =>
        function (this: unknown, chunk: unknown, encoding: unknown, callback: unknown) {
          if (tracing.live === 0) return Reflect.apply(original, this, arguments as unknown as unknown[]);
          if (!(this instanceof Socket)) noteWriter(this as Writable);
          // By their places: a copy of the arguments takes longer than all else here.
          if (typeof callback === 'function') {
            return Reflect.apply(original, this, [
              chunk,
              encoding,
              bindCallback(callback as Callback, place()),
            ]);
          }
          if (typeof encoding === 'function') {
            return Reflect.apply(original, this, [chunk, bindCallback(encoding as Callback, place())]);
          }
          return Reflect.apply(original, this, arguments as unknown as unknown[]);
        },
    );
  }
}

/** The only trace that has written to a stream; `null` if there are several. */
const writers = createStamp<Trace | null | undefined>();

/** A stream belongs to its request for as long as nothing else writes to it. */
function noteWriter(stream: Writable): void {
  const its = place()?.trace;
  if (!writers.has(stream)) {
    if (Object.isExtensible(stream)) writers.put(stream, its);
    return;
  }
  const known = writers.of(stream);
  if (known === null || known === its) return;
  writers.put(stream, null);
  shareBuffer(stream);
}

function shareBuffer(stream: Writable): void {
  const owner = stream as unknown as Record<string, unknown>;
  for (const method of ['_write', '_writev']) {
    const original = owner[method];
    if (typeof original !== 'function') continue;
    const value = lookalike(original, (self, args) =>
      tracing.live > 0 && isFromBuffer(self)
        ? runIn(nobody(), original as Method, self, args)
        : Reflect.apply(original as Method, self, args),
    );
    Reflect.defineProperty(stream, method, { value, configurable: true, writable: true });
  }
}

function isFromBuffer(stream: unknown): boolean {
  const { _writableState: state } = stream as { _writableState?: { readonly bufferProcessing?: unknown } };
  return state?.bufferProcessing === true;
}

// A thread of a pool has a hook of its own there.
let arePortsHooked = false;

/** A message may be for any request: a thread of a pool, and the code that waits for its answers, serve many. */
function hookPorts(ownPort: () => unknown): void {
  const { MessagePort } = require('node:worker_threads') as typeof import('node:worker_threads');
  const prototype = MessagePort.prototype as unknown as Record<symbol, unknown>;
  const original = prototype[dispatch];
  if (typeof original !== 'function' || arePortsHooked) return;
  arePortsHooked = true;
  Object.defineProperty(prototype, dispatch, {
    value(this: unknown) {
      const args = arguments as unknown as unknown[];
      return tracing.live === 0 || this === ownPort() || knownPorts.has(this as object)
        ? Reflect.apply(original as Method, this, args)
        : runIn(nobody(), original as Method, this, args);
    },
    configurable: true,
    writable: true,
  });
}
