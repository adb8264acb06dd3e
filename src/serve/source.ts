// The parts that the server is given: where traces come from, and who sends signed requests.
import type { Page, StoredTrace } from '../drivers/driver.js';
import type { CurlRequest } from './curl/curl.js';

/** The store that is shown. It may fail at any time with a DriverError, and be back at the next call. */
export interface TraceSource {
  /** Its name, without its secrets. */
  name(): string;
  canList(): boolean;
  page(count: number, after: string | undefined): Promise<SourcePage>;
  /** Undefined if the store holds nothing of that trace. */
  read(base_id: string): Promise<StoredTrace | undefined>;
}

export interface SourcePage extends Page {
  /** Whether the whole list was read for it. */
  readonly isWhole: boolean;
}

/** The outcome of a signed request. */
export interface Answer {
  readonly status: number;
  /** In microseconds, from the start to the end of the response. */
  readonly duration: number;
  /** The place to which it redirects, as it was told. */
  readonly redirect: string | undefined;
}

/** Sends signed requests. It alone knows the key. */
export interface Sender {
  /** Why nothing can be sent at all; undefined if that is possible. */
  readonly refusal: string | undefined;
  /** @throws Error with a message for people if a request cannot be sent as it is */
  check(request: CurlRequest): void;
  /** @throws Error with a message for people, in which no secret stands */
  send(base_id: string, request: CurlRequest): Promise<Answer>;
}
