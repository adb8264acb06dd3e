// Starts the exporter's own threads with the functions of Node that the application found.
import { Worker as NodeWorker } from 'node:worker_threads';

// These functions are taken at the start, long before the exporter is loaded. Later, `Worker` is the instrumented
// class, and the exporter's thread must not be traced. An application that adds methods to that class must not see
// what goes through here.
export const ThreadWorker = NodeWorker;
export const { on, postMessage, unref } = NodeWorker.prototype;
// Tests put timers of their own in the place of these functions.
export const { setTimeout: later } = globalThis;
// Hardened applications remove what threads could share.
export const { Atomics, SharedArrayBuffer } = globalThis;

/** Threads that the application does not see: `process` emits no event for them. */
export const ownThreads = new WeakSet<object>();
