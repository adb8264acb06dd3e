import type { Event } from '../trace/event.js';

/** One event on its way to the store: its trace and its line of JSON (without a newline). */
export interface Line {
  readonly base_id: string;
  readonly text: string;
}

/** What `list` knows of a trace without reading all of it. */
export interface TraceSummary {
  readonly base_id: string;
  /** Timestamp of the first event that was stored, as OSProfiler writes it. */
  readonly timestamp: string;
}

/** A trace as it was read, in the order stored. */
export interface StoredTrace {
  readonly events: readonly Event[];
  /** Lines that could not be read as events: torn by a crash or written by something else. */
  readonly skipped: number;
}

/**
 * A collector backend. Opened in the exporter's worker thread to write, and in the `ostrace` command
 * to read. Errors are thrown as `DriverError` with one sentence for people.
 */
export interface Driver {
  /** Stores the lines in their order. May be called again only after it has settled. */
  write(lines: readonly Line[]): void | Promise<void>;
  /** Newest first. */
  list(): Promise<readonly TraceSummary[]>;
  /** Undefined when the store holds nothing of that trace. */
  read(base_id: string): Promise<StoredTrace | undefined>;
  /**
   * Finds out whether the store can be read and written, and leaves nothing in it; for `ostrace doctor`.
   *
   * @returns what there is, in a few words: `12 traces in /var/lib/ostrace`
   */
  check(): Promise<string>;
  close(): void | Promise<void>;
}

/** A store that can't be reached, read or written; the message is one line that people see. */
export class DriverError extends Error {
  override readonly name: string = 'DriverError';
}
