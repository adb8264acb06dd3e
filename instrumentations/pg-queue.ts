// What a client of pg keeps of its queries; 8.17 gave it other names, and the old ones warn.
import type { Queue } from '../src/hooks/targets/waits.js';

interface Client {
  readonly readyForQuery?: unknown;
  readonly _connected?: unknown;
  readonly _queryQueue?: readonly unknown[];
  readonly _activeQuery?: unknown;
  readonly queryQueue?: readonly unknown[];
  readonly activeQuery?: unknown;
  /** Of a client that pipelines: those that were sent and wait for the ones before them. */
  readonly _sentQueryQueue?: readonly unknown[];
}

const none: readonly unknown[] = [];
const queued = (client: Client): readonly unknown[] => client._queryQueue ?? client.queryQueue ?? none;
const sent = (client: Client): readonly unknown[] => client._sentQueryQueue ?? none;

/** The query that is being answered. */
export const active = (client: Client): unknown =>
  client._queryQueue === undefined ? client.activeQuery : client._activeQuery;

const isActive = (client: Client): boolean => (active(client) ?? undefined) !== undefined;

/** Whether a query has to wait: for others, or until the client is connected. */
export function isBusy(client: Client): boolean {
  if (queued(client).length > 0) return true;
  if (client.readyForQuery === true) return false;
  // A client tells that it is connected, or that a query has failed, just before it goes on with the next one.
  return client._connected !== true || isActive(client) || sent(client).length > 0;
}

export const queue: Queue = {
  isBusy,
  isOpening: ({ _connected }: Client) => _connected !== true,
  isEmpty: (client: Client) => queued(client).length === 0 && sent(client).length === 0 && !isActive(client),
  // A query waits in one of the two.
  lengthOf: (client: Client) => queued(client).length + sent(client).length,
  at: (client: Client, length) =>
    queued(client).length + sent(client).length > length
      ? (queued(client).at(-1) ?? sent(client).at(-1))
      : undefined,
};
