// The answers of `ostrace ui` about the list of traces and about signed requests, as the page gets them.
//
// Durations are in microseconds. Texts are as they were stored: whoever shows them makes them safe.

import type { KindName, Pattern } from './page-trace.js';

/** The finding that explains most of a trace's time. */
export interface ListFinding {
  readonly kind: string;
  readonly sentence: string;
  /** The kind of point that it is about. */
  readonly family: KindName;
  /** How the time passed that it explains. */
  readonly pattern: Pattern;
}

/** The durations of the traces of one route. */
export interface Alike {
  readonly count: number;
  readonly p50: number;
  readonly p95: number;
  readonly max: number;
}

/** A row of the list. */
export interface ListRow {
  readonly base_id: string;
  /** In milliseconds since 1970. */
  readonly startedAt: number;
  readonly method: string | null;
  /** Its route, its path, or its beginning in words. */
  readonly route: string;
  /** The service with which it began. */
  readonly service: string;
  readonly services: readonly string[];
  readonly status: number | null;
  readonly duration: number;
  readonly points: number;
  readonly errors: number;
  readonly unfinished: number;
  /** Null where nothing stands out; undefined where it is not known. */
  readonly finding?: ListFinding | null;
  /** Undefined where too few traces of its route are known. */
  readonly alike?: Alike;
  /** Whether events may still come. */
  readonly isGrowing: boolean;
}

/** A page of the list. */
export interface ListPage {
  readonly rows: readonly ListRow[];
  /** What asks for the next page; undefined for the last one. */
  readonly next?: string;
  /** How many traces the store holds; undefined where to count them means to read them. */
  readonly total?: number;
  /** How many traces were read to find these. */
  readonly examined: number;
  /** Whether the store gave its whole list, because it cannot give a page of it. */
  readonly isWhole: boolean;
}

/** The newest traces of a store: cheap to ask for again and again. */
export interface Newest {
  readonly ids: readonly string[];
  readonly total?: number;
}

/** Some facts about this server. */
export interface AboutStore {
  /** The store's name, without its secrets. */
  readonly store: string;
  /** Whether it can say which traces it holds. */
  readonly canList: boolean;
  readonly version: string;
}

/** The request that would be sent for a pasted command. */
export interface Preview {
  readonly method: string;
  /** Without its credentials. */
  readonly url: string;
  readonly host: string;
  readonly headerNames: readonly string[];
  readonly bodyBytes: number | null;
  readonly hasCredentials: boolean;
  /** Why it is not sent, with what to do; undefined if it is. */
  readonly refusal?: string;
}

/** How far a signed request is. */
export interface Sent {
  readonly base_id: string;
  readonly state: 'waiting' | 'answered' | 'failed';
  readonly status?: number;
  /** From the start to the end of the response. */
  readonly duration?: number;
  /** The place to which the response redirects: it is not followed. */
  readonly redirect?: string;
  readonly error?: string;
}

/** Any answer that is none. */
export interface Problem {
  readonly error: string;
}
