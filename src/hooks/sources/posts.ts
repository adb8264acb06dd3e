import { place } from '../../trace/context.js';
import type { Trace } from '../../trace/trace.js';

/**
 * Watches who posts to a thread that a trace made. What it is told is that trace's until anybody else posts to it,
 * or it is given a port by which they can: then the thread is a pool's.
 *
 * @param onShared told once, before the first post of another's is on its way
 * @returns sees the arguments of each post
 */
export function watchPosts(trace: Trace, onShared: () => void): (args: ArrayLike<unknown>) => void {
  let isShared = false;
  return (args) => {
    if (isShared || (place()?.trace === trace && !handsPort(args[1]))) return;
    isShared = true;
    onShared();
  };
}

/** Whether a port goes with a message; anything else that is transferred is but memory. */
export function handsPort(transfer: unknown): boolean {
  const { MessagePort } = require('node:worker_threads') as typeof import('node:worker_threads');
  const list = Array.isArray(transfer) ? transfer : (Object(transfer) as { transfer?: unknown }).transfer;
  return Array.isArray(list) && list.some((value) => value instanceof MessagePort);
}
