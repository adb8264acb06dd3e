// The words that the client's and the server's side of HTTP share.
import type { Info } from '../../trace/event.js';

/** What the stop of an exchange that broke off says. */
export const aborted: Info = {
  etype: 'Aborted',
  message: 'the connection was closed before the response was complete',
};

/** The status of an HTTP/2 answer; undefined before there is one. */
export function statusOf(headers: Readonly<Record<string, unknown>> | undefined): number | undefined {
  const status = headers?.[':status'];
  return typeof status === 'number' ? status : undefined;
}
