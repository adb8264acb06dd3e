import type { Info } from '../trace/event.js';
import type { Settings } from './settings.js';

/** What the stop of an exchange that broke off says. */
export const aborted: Info = {
  etype: 'Aborted',
  message: 'the connection was closed before the response was complete',
};

/** The port of a URL that names none. */
export const defaultPort = (scheme: string): number => (scheme === 'https' ? 443 : 80);

/**
 * Whether a request may carry signed headers: to the host that it goes to and, where that is a forward
 * proxy, to the host that it is for. `CONNECT` is for the proxy alone, which could replay them.
 */
export function mayCarry(
  settings: Settings,
  host: string,
  { method, path }: { readonly method: string; readonly path: string },
): boolean {
  if (method === 'CONNECT' || !settings.carriesTo(host)) return false;
  if (!/^[a-z][a-z\d+.-]*:/i.test(path)) return true;
  return URL.canParse(path) && settings.carriesTo(new URL(path).hostname);
}
