// Cookies as curl's -b has them: a text is sent as it is, a file is read, and redirects may set more.
import { readFileSync } from 'node:fs';

import { CommandError } from './command.js';

interface Cookie {
  readonly name: string;
  readonly value: string;
  readonly domain: string;
  /** Whether hosts below the domain get it too. */
  readonly isWide: boolean;
  readonly path: string;
  readonly isSecure: boolean;
}

export interface Cookies {
  /** The value of the header for a URL; undefined if there is none. */
  headerFor(url: URL): string | undefined;
  /** Takes the cookies that a response sets. */
  take(url: URL, setCookie: readonly string[]): void;
}

/**
 * @param given the values of -b: `name=value; …`, or a file in Netscape's format or of `Set-Cookie:` lines
 * @param first the URL whose host alone gets the texts
 */
export function cookiesFrom(given: readonly string[], first: URL): Cookies {
  const texts = given.filter((each) => each.includes('='));
  const jar: Cookie[] = given.filter((each) => !each.includes('=')).flatMap((file) => readJar(file, first));
  return {
    headerFor(url) {
      const own = url.hostname === first.hostname ? texts : [];
      const stored = jar.filter((cookie) => isFor(cookie, url)).map(({ name, value }) => `${name}=${value}`);
      return [...own, ...stored].join('; ') || undefined;
    },
    take(url, setCookie) {
      for (const cookie of setCookie.map((each) => parse(each, url))) {
        if (cookie === undefined) continue;
        const at = jar.findIndex(
          ({ name, domain, path }) =>
            name === cookie.name && domain === cookie.domain && path === cookie.path,
        );
        jar.splice(at < 0 ? jar.length : at, 1, cookie);
      }
    },
  };
}

function isFor({ domain, isWide, path, isSecure }: Cookie, { hostname, pathname, protocol }: URL): boolean {
  const isOfHost = hostname === domain || (isWide && hostname.endsWith(`.${domain}`));
  const isOfPath = pathname === path || pathname.startsWith(path.endsWith('/') ? path : `${path}/`);
  return isOfHost && isOfPath && (!isSecure || protocol === 'https:');
}

/** @returns undefined if the text is not a cookie of that host */
function parse(text: string, { hostname }: URL): Cookie | undefined {
  const [pair = '', ...rest] = text.split(';');
  const [, name, value] = /^\s*([^=\s][^=]*)=(.*)$/s.exec(pair) ?? [];
  if (name === undefined || value === undefined) return undefined;
  const attributes = new Map(
    rest.map((each) => {
      const [key = '', said = ''] = each.split('=', 2);
      return [key.trim().toLowerCase(), said.trim()] as const;
    }),
  );
  const domain = attributes.get('domain')?.replace(/^\./, '').toLowerCase();
  if (domain !== undefined && hostname !== domain && !hostname.endsWith(`.${domain}`)) return undefined;
  const path = attributes.get('path');
  return {
    name: name.trim(),
    value: value.trim(),
    domain: domain ?? hostname,
    isWide: domain !== undefined,
    path: path?.startsWith('/') === true ? path : '/',
    isSecure: attributes.has('secure'),
  };
}

function readJar(file: string, first: URL): Cookie[] {
  let text: string;
  try {
    text = readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (error) {
    throw new CommandError(
      `-b takes NAME=VALUE or a file of cookies; cannot read that file: ${(error as Error).message}`,
    );
  }
  return text.split(/\r?\n/).flatMap((line) => {
    const header = /^set-cookie:(.*)$/i.exec(line)?.[1];
    const cookie = header === undefined ? netscape(line) : parse(header, first);
    return cookie === undefined ? [] : [cookie];
  });
}

function netscape(line: string): Cookie | undefined {
  const fields = line.replace(/^#HttpOnly_/, '').split('\t');
  const [domain = '', isWide, path = '/', isSecure, expires, name, value = ''] = fields;
  if (line.startsWith('#') && !line.startsWith('#HttpOnly_')) return undefined;
  const isOver = Number(expires) > 0 && Number(expires) * 1000 < Date.now();
  if (name === undefined || isOver) return undefined;
  return {
    name,
    value,
    domain: domain.replace(/^\./, '').toLowerCase(),
    isWide: isWide === 'TRUE',
    path,
    isSecure: isSecure === 'TRUE',
  };
}
