// The exporter's own threads, and what it needs for them of the Node that the application found.
import { Worker as NodeWorker } from 'node:worker_threads';

// Taken at the start, long before the exporter is loaded: later on, `Worker` is the instrumented class, and the
// exporter's thread is not to be traced; and an application that puts methods of its own in the class's place is
// not to see what goes there.
export const ThreadWorker = NodeWorker;
export const { on, postMessage, unref } = NodeWorker.prototype;
// As do tests that put timers of their own into their place.
export const { setTimeout: later } = globalThis;
// And so do hardened applications that take away what threads could share.
export const { Atomics, SharedArrayBuffer } = globalThis;

/** Threads that are no business of the application's: `process` does not emit them. */
export const ownThreads = new WeakSet<object>();
