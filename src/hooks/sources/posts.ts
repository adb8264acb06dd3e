// Tells whether a worker thread works for one trace only.
import { place } from '../../trace/context.js';
import type { Trace } from '../../trace/trace.js';

/**
 * Watches who posts to a thread that a trace made. The thread's messages belong to that trace until somebody else
 * posts to it, or it is given a port by which others can. From then on the thread belongs to a pool.
 *
 * @param onShared called once, before the first foreign post is sent
 * @returns sees the arguments of each post, and tells whether the thread works for that trace only
 */
export function watchPosts(trace: Trace, onShared: () => void): (args: ArrayLike<unknown>) => boolean {
  let isShared = false;
  return (args) => {
    if (isShared) return false;
    if (place()?.trace === trace && !handsPort(args[1])) return true;
    isShared = true;
    onShared();
    return false;
  };
}

/** Whether a message transfers a port. Everything else that can be transferred is only memory. */
export function handsPort(transfer: unknown): boolean {
  const { MessagePort } = require('node:worker_threads') as typeof import('node:worker_threads');
  const list = Array.isArray(transfer) ? transfer : (Object(transfer) as { transfer?: unknown }).transfer;
  return Array.isArray(list) && list.some((value) => value instanceof MessagePort);
}
