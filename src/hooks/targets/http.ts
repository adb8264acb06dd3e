// Shared by the client's and the server's side of HTTP: the info of a broken exchange, and the status of an answer.
import type { Info } from '../../trace/event.js';

/** The info for the stop of an exchange that broke off. */
export const aborted: Info = {
  etype: 'Aborted',
  message: 'the connection was closed before the response was complete',
};

/** The status of an HTTP/2 answer; undefined if there is none yet. */
export function statusOf(headers: Readonly<Record<string, unknown>> | undefined): number | undefined {
  const status = headers?.[':status'];
  return typeof status === 'number' ? status : undefined;
}
