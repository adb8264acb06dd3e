// What a connection string of a store over HTTP says, beside where it is.
import type { OutgoingHttpHeaders } from 'node:http';

import { decoded } from '../decoded.js';
import { DriverError } from '../driver.js';
import { cutToLine } from './errors.js';

/** @throws DriverError where it is none, without what it holds */
export function parseAddress(connectionString: string, scheme: string): URL {
  try {
    // Only known schemes have hosts and ports that are checked, and of those the usual port is dropped: so it
    // is one whose port, 21, no store has.
    const url = new URL(connectionString.replace(/^[^:]*:/, 'ftp:'));
    if (/^[^:]*:\/\/[^/]/.test(connectionString)) return url;
  } catch {
    // Without its message, which holds the whole URL.
  }
  throw new DriverError(`the connection string has no valid address; expected ${scheme}://host:port`, {
    isCertain: true,
  });
}

/** What the query says: headers, and the parameters that a store knows. */
export function settingsOf(
  url: URL,
  scheme: string,
  known: readonly string[],
): { headers: OutgoingHttpHeaders; parameters: Map<string, string> } {
  const headers: OutgoingHttpHeaders = {};
  const parameters = new Map<string, string>();
  for (const [name, value] of url.searchParams) {
    const header = /^header\.([\w-]+)$/.exec(name)?.[1];
    if (header !== undefined) headers[header.toLowerCase()] = value;
    else if (known.includes(name)) parameters.set(name, value);
    else {
      const expected = [...known, 'header.NAME'].join(', ');
      // What stands there alone may be a token.
      const what = value === '' ? 'a parameter without a value' : `no parameter "${cutToLine(name, 40)}"`;
      throw new DriverError(`${scheme}:// has ${what}; expected one of ${expected}`, {
        isCertain: true,
      });
    }
  }
  return { headers, parameters };
}

/** A user and a password, or a key where there is no user. */
export function authorizationOf(
  { username, password }: URL,
  keyScheme: string,
  token: string | undefined,
): string | undefined {
  if (token !== undefined) return `${keyScheme} ${token}`;
  if (username === '' && password === '') return undefined;
  const [user, secret] = [username, password].map((text) => decoded(text));
  return user === ''
    ? `${keyScheme} ${secret}`
    : `Basic ${Buffer.from(`${user}:${secret}`).toString('base64')}`;
}
