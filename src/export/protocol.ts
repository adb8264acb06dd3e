import type { BundleMark } from '../diagnosis/bundles.js';
import type { DeliverySettings } from './delivery.js';

/** What the exporter's worker thread is given when it starts. */
export interface ExportData {
  /** Each store gets all events. */
  readonly connectionStrings: readonly string[];
  readonly delivery: DeliverySettings;
  /** The application's main file; undefined where it has none. */
  readonly script: string | undefined;
  /** The ring of the thread that starts it; not if another thread reads that. */
  readonly ring: SharedArrayBuffer | undefined;
  /** What the thread that starts it has to know at the end: see `accounts.ts`. */
  readonly accounts: SharedArrayBuffer;
  /** A copy of what was taken out of the rings and is in no store and no spool yet: see `worker.ts`. */
  readonly kept: SharedArrayBuffer;
  /** What the names of this exporter's files in the spool begin with. */
  readonly mark: string;
  /** Whether another worker thread did this before, and ended. */
  readonly isRestarted: boolean;
}

/** What a thread of the application says to the worker thread. */
export type ExportMessage =
  /** There is something in the ring, and the reader was asleep. */
  | { readonly kind: 'wake' }
  /** Another thread writes into this ring. */
  | { readonly kind: 'adopt'; readonly ring: SharedArrayBuffer }
  /** Look for these packages in the application's file, and say what can be done about them. */
  | { readonly kind: 'inspect'; readonly file: string; readonly marks: readonly BundleMark[] }
  /**
   * Store what there is, or spool it where that takes longer, then put the ticket into the accounts: somebody
   * waits for it.
   */
  | {
      readonly kind: 'flush';
      readonly ticket: number;
      readonly timeoutMs: number;
      /** The process ends. */
      readonly isLast: boolean;
    };
