import type { DriverSettings } from '../drivers/driver.js';
import type { BundleMark } from './bundles.js';

/** What the exporter's worker thread is given when it starts. */
export interface ExportData {
  readonly connectionString: string;
  readonly drivers: DriverSettings;
  /** The ring of the thread that starts it; not if another thread reads that. */
  readonly ring: SharedArrayBuffer | undefined;
  /** One word: the ticket of the last flush that is done. */
  readonly flushed: SharedArrayBuffer;
}

/** What a thread of the application says to the worker thread. */
export type ExportMessage =
  /** There is something in the ring, and the reader was asleep. */
  | { readonly kind: 'wake' }
  /** Another thread writes into this ring. */
  | { readonly kind: 'adopt'; readonly ring: SharedArrayBuffer }
  /** Look for these packages in the application's file, and say what can be done about them. */
  | { readonly kind: 'inspect'; readonly file: string; readonly marks: readonly BundleMark[] }
  /** Store what there is, then put the ticket into `flushed`: somebody waits for it. */
  | { readonly kind: 'flush'; readonly ticket: number };
