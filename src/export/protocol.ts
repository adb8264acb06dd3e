// The messages between a thread of the application and the exporter's thread.
import type { BundleMark } from '../diagnosis/bundles.js';
import type { DeliverySettings } from './delivery.js';

/** The data that the exporter's worker thread gets when it starts. */
export interface ExportData {
  /** The stores. Each of them gets all events. */
  readonly connectionStrings: readonly string[];
  readonly delivery: DeliverySettings;
  /** The application's main file; undefined where it has none. */
  readonly script: string | undefined;
  /** The ring of the thread that starts it; undefined if another thread reads that ring. */
  readonly ring: SharedArrayBuffer | undefined;
  /** The counts that the starting thread has to know at the end: see `accounts.ts`. */
  readonly accounts: SharedArrayBuffer;
  /**
   * A copy of the events that were taken out of the rings and are in no store and no spool yet: see `keeper.ts`.
   */
  readonly kept: SharedArrayBuffer;
  /** The beginning of the names of this exporter's files in the spool. */
  readonly mark: string;
  /** Whether another worker thread did this before, and ended. */
  readonly isRestarted: boolean;
}

/** A message of a thread of the application to the worker thread. */
export type ExportMessage =
  /** There is something in the ring, and the reader was asleep. */
  | { readonly kind: 'wake' }
  /** Another thread writes into this ring. */
  | { readonly kind: 'adopt'; readonly ring: SharedArrayBuffer }
  /** Look for these packages in the application's file, and say what can be done about them. */
  | { readonly kind: 'inspect'; readonly file: string; readonly marks: readonly BundleMark[] }
  /**
   * Store all events, or spool them if that takes longer; then put the ticket into the accounts, because a thread
   * waits for it.
   */
  | {
      readonly kind: 'flush';
      readonly ticket: number;
      readonly timeoutMs: number;
      /** The process ends. */
      readonly isLast: boolean;
    };
