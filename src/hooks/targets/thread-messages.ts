// Where the instrumentation of threads finds that of their messages, which is loaded with the first thread.
import type { Worker } from 'node:worker_threads';

import type { Callback } from '../calls/call.js';

/** Taken at the start, because an application may remove it, as hardened ones do. */
export const sharing: Pick<typeof globalThis, 'Atomics' | 'SharedArrayBuffer'> = {
  Atomics: globalThis.Atomics,
  SharedArrayBuffer: globalThis.SharedArrayBuffer,
};

/** The data that a thread gets from the one that starts it. */
export interface HandedMessages {
  readonly mailbox: SharedArrayBuffer;
  /** For its events; undefined for a thread that has such memory already. */
  readonly ring: SharedArrayBuffer | undefined;
}

/** A name in the data of threads' environments that the application is unlikely to use. */
export const messagesKey = 'ostrace:messages';

/** What sends messages to threads. */
export interface ThreadMessages {
  /**
   * Leaves something for the thread that is made next.
   *
   * @param isHanded whether the thread works for a trace
   */
  open(isHanded: boolean): OpenLane;
  /** A message was posted while nothing was traced. */
  isPosted(worker: unknown): void;
  /**
   * Posts a message to a thread.
   *
   * @param isOwn whether only the trace that has made the thread has posted to it
   */
  post(original: Callback, self: unknown, args: ArrayLike<unknown>, isOwn: boolean): unknown;
}

/** A thread that is being made. */
export interface OpenLane {
  made(worker: Worker): void;
  /** Threads that are made later get nothing of it. */
  close(): void;
}

export const threadMessages: {
  /** Undefined where messages are not recorded, and for a thread whose messages are a library's own. */
  of?: (file: unknown) => ThreadMessages | undefined;
  /** Undefined until a thread was made. */
  loaded?: ThreadMessages;
} = {};
