import { place } from '../trace/context.js';
import type { Trace } from '../trace/trace.js';
import { lookalike } from './patch.js';

type Post = (this: unknown, ...args: unknown[]) => unknown;

/**
 * Watches who posts to a thread that a trace made. What it is told is that trace's until anybody else posts to it,
 * or it is given a port by which they can: then the thread is a pool's.
 *
 * @param onShared told once, before the first post of another's is on its way
 */
export function watchPosts(worker: object, trace: Trace, onShared: () => void): void {
  const method = 'postMessage';
  const owner = worker as Record<string, unknown>;
  const original = owner[method];
  if (typeof original !== 'function') return;
  const own = Object.getOwnPropertyDescriptor(worker, method);
  let isShared = false;
  const share = (): void => {
    isShared = true;
    onShared();
    // The application may have put its own over it meanwhile.
    if (owner[method] !== value) return;
    if (own === undefined) Reflect.deleteProperty(worker, method);
    else Reflect.defineProperty(worker, method, own);
  };
  const value = lookalike(original, (self, args) => {
    if (!isShared && (place()?.trace !== trace || handsPort(args[1]))) share();
    return Reflect.apply(original as Post, self, args);
  });
  const isPut = Reflect.defineProperty(worker, method, { value, configurable: true, writable: true });
  if (!isPut) onShared();
}

/** Whether a port goes with a message; anything else that is transferred is but memory. */
export function handsPort(transfer: unknown): boolean {
  const { MessagePort } = require('node:worker_threads') as typeof import('node:worker_threads');
  const list = Array.isArray(transfer) ? transfer : (Object(transfer) as { transfer?: unknown }).transfer;
  return Array.isArray(list) && list.some((value) => value instanceof MessagePort);
}
