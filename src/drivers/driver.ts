// What a collector backend is: the interface of all drivers, what they are given and what they throw.
import type { Event } from '../trace/event.js';
import { oneLine } from '../trace/notice.js';
import type { Line } from './line.js';

/** What `list` knows of a trace without reading all of it. */
export interface TraceSummary {
  readonly base_id: string;
  /** Timestamp of the first event that was stored, as OSProfiler writes it. */
  readonly timestamp: string;
}

/** The newest traces of a store. */
export interface Newest {
  /** Newest first. */
  readonly traces: readonly TraceSummary[];
  /** How many traces there are; undefined where to count them means to read them. */
  readonly total: number | undefined;
}

/** A page of a store's traces. */
export interface Page extends Newest {
  /** What gives the next page; undefined for the last one. */
  readonly next: string | undefined;
}

/** A trace as it was read, in the order stored. */
export interface StoredTrace {
  readonly events: readonly Event[];
  /** Lines that could not be read as events: torn by a crash or written by something else. */
  readonly skipped: number;
  /** What OSProfiler's report shows of an event, where that is not the event itself. */
  readonly reported?: ReadonlyMap<Event, Reported>;
}

/** An event in OSProfiler's report, of a store that keeps its parts apart. */
export interface Reported {
  readonly payload: unknown;
  readonly host: string | null;
}

/** The settings that drivers know of; each uses those that its store has a place for. */
export interface DriverSettings {
  /** Keeps a list of the traces with a failed point, as OSProfiler's `filter_error_trace`. */
  readonly filterErrorTrace: boolean;
  readonly project: string;
  readonly service: string;
  readonly host: string;
  /** The broker of `messaging://`, with its password. */
  readonly transportUrl: string | undefined;
  /** How many seconds a trace is kept, where the store can forget; for ever when undefined. */
  readonly keepFor: number | undefined;
  /** Whether the user's group may read and write what is made, where the store is a folder. */
  readonly shareWithGroup?: boolean;
  /** How many bytes of traces are kept, where the store can count; the oldest go first. */
  readonly keepSize: number | undefined;
}

/** What is to be known of a batch. */
export interface Batch {
  /**
   * An earlier attempt to store these lines failed in a way that left open whether they are there: those
   * that are found in the store must not be stored again, as far as it can tell.
   */
  readonly isRepeated?: boolean;
  /** The process ends: what waits for its other half is stored as it is. `lines` may be empty then. */
  readonly isLast?: boolean;
}

/**
 * A collector backend. Opened in the exporter's worker thread to write, and in the `ostrace` command
 * to read. Opening does not connect, and does not load the client library; the first use does.
 *
 * Errors are thrown as `DriverError` with one sentence for people, in which no password stands. After one
 * the driver is used on: it connects again by itself with the next call.
 */
export interface Driver {
  /**
   * Stores the lines in their order; settled when the store has confirmed them. Called again only after it
   * has settled. At most some thousand lines.
   *
   * @throws WriteError where a part of the lines is stored, or will never be
   * @throws DriverError where the same lines may be stored later; unless it says that nothing was stored
   *   (`isCertain`), they come again with `isRepeated`
   */
  write(lines: readonly Line[], batch?: Batch): void | Promise<void>;
  /**
   * Gives back the lines that were taken but wait in memory for their other half, and forgets them; where a
   * store wants both at once. They are not lost when the store can't be used any more.
   */
  takeHeld?(): readonly Line[];
  /** How many lines those are. */
  heldCount?(): number;
  /** Newest first. */
  list(): Promise<readonly TraceSummary[]>;
  /** So many of the newest, where a store can find these without reading something of all others. */
  newest?(count: number): Promise<Newest>;
  /**
   * A page of all traces, newest first as far as the store can tell without reading something of all others; a page
   * is ordered by time.
   *
   * @param after `next` of the page before; undefined for the first page
   * @throws DriverError where `after` is not from this store
   */
  page?(count: number, after?: string): Promise<Page>;
  /**
   * The traces whose ids begin so, newest first, where a store can find these without reading something of all
   * others.
   *
   * @param beginning in lower case, with the dashes of a UUID
   */
  find?(beginning: string): Promise<readonly TraceSummary[]>;
  /** The traces with a failed point, newest first, as far as they were written with `filterErrorTrace`. */
  listErrors(): Promise<readonly TraceSummary[]>;
  /** Undefined when the store holds nothing of that trace. */
  read(base_id: string): Promise<StoredTrace | undefined>;
  /**
   * Finds out whether the store can be read and written, and leaves nothing in it; for `ostrace doctor`.
   *
   * @returns what there is, in a few words: `12 traces in /var/lib/ostrace`
   */
  check(): Promise<string>;
  /** Ends connections at once; what is not confirmed may be lost. Nothing is called afterwards. */
  close(): void | Promise<void>;
}

/** What a failed connection means where another protocol is spoken at its other end; undefined for other failures. */
export function protocolReason(error: unknown): string | undefined {
  const { code, message } = Object(error) as { readonly code?: unknown; readonly message?: unknown };
  if (code === 'HPE_INVALID_CONSTANT') {
    return 'what answers there does not speak HTTP/1; check the scheme and the port';
  }
  if (typeof message !== 'string') return undefined;
  if (/:SSL routines:[^:]*:wrong version number/.test(message)) {
    return 'the server does not speak TLS there; check the scheme and the port';
  }
  const [, alert] = /:SSL routines:[^:]*:[a-z\d/]+ alert ([a-z ]+)/.exec(message) ?? [];
  return alert === undefined ? undefined : `the server broke the TLS handshake off: ${alert}`;
}

// Servers and libraries may say any amount of anything.
const maxMessageLength = 1000;

/**
 * A store that can't be reached, read or written; the message is one line that people see, whatever it is made
 * from.
 */
export class DriverError extends Error {
  override readonly name: string = 'DriverError';
  /** Whether it is known that nothing of a batch was stored, as when there was no connection at all. */
  readonly isCertain: boolean;

  constructor(message: string, options: ErrorOptions & { readonly isCertain?: boolean } = {}) {
    // A key that is given in the place of its file's name comes back in the system's message.
    super(oneLine(message.split('-----BEGIN', 1)[0]!, maxMessageLength), options);
    this.isCertain = options.isCertain ?? false;
  }
}

/** A batch of which a part is stored, or will never be. */
export class WriteError extends DriverError {
  override readonly name: string = 'WriteError';
  readonly refused: number;
  readonly again: readonly Line[];

  /**
   * @param refused how many lines the store refuses for good: they are counted as lost
   * @param again the lines to try again later
   */
  constructor(
    message: string,
    refused: number,
    again: readonly Line[],
    options?: ErrorOptions & { readonly isCertain?: boolean },
  ) {
    super(message, options);
    this.refused = refused;
    this.again = again;
  }
}
