// Builds the request that the options of `ostrace request` describe.
import { readFileSync } from 'node:fs';

import { decoded } from '../drivers/decoded.js';
import { isTraceHeader, traceHeaders } from '../trace/headers.js';
import { CommandError } from './command.js';
import { type Outgoing, headersFrom } from './send.js';
import { milliseconds } from './store.js';

/** The values of the options. */
interface Given {
  readonly request: string | undefined;
  readonly header: readonly string[];
  readonly data: readonly string[];
  readonly user: string | undefined;
  readonly insecure: boolean;
  readonly timeout: string | undefined;
}

/** A request but for its URL and its trace. */
export interface Described {
  readonly method: string;
  /** `Name: value` each. */
  readonly headers: readonly string[];
  readonly body: Buffer | undefined;
  /** `USER:PASSWORD` */
  readonly user: string | undefined;
  readonly isInsecure: boolean;
  /** 0 for no limit. */
  readonly timeoutMs: number;
}

/** Makes the requests that the options describe, which differ only in their traces. */
export function outgoingFrom(values: Given, given: URL, hmac_key: string): (base_id: string) => Outgoing {
  // Read once, because stdin cannot be read twice.
  const body = values.data.length > 0 ? Buffer.concat(bodyOf(values.data)) : undefined;
  const described = {
    method: values.request ?? (body === undefined ? 'GET' : 'POST'),
    headers: values.header,
    body,
    user: values.user,
    isInsecure: values.insecure,
    timeoutMs: milliseconds('--timeout', values.timeout, 60),
  };
  return outgoingOf(described, given, hmac_key);
}

/**
 * Makes requests that differ only in their traces.
 *
 * @throws CommandError if one of the texts cannot be sent
 */
export function outgoingOf(
  { method, headers: given, body, user, isInsecure, timeoutMs }: Described,
  address: URL,
  hmac_key: string,
): (base_id: string) => Outgoing {
  if (!/^[A-Za-z]+$/.test(method)) {
    throw new CommandError(`--request is "${method}"; expected a method such as GET`);
  }
  const { url, authorization } = parted(address, user);
  const defaults = {
    Accept: '*/*',
    'User-Agent': 'ostrace',
    ...(authorization !== undefined && { Authorization: authorization }),
    ...(body !== undefined && {
      'Content-Type': 'application/x-www-form-urlencoded',
      'Content-Length': `${body.length}`,
    }),
  };
  return (base_id) => {
    const signed = traceHeaders({ base_id, parent_id: base_id, hmac_key });
    const traced = Object.entries(signed).map(([name, value]) => `${name}: ${value}`);
    const headers = headersFrom([...given.filter(isNotTraced), ...traced], defaults);
    return { url, method, headers, body, timeoutMs, isInsecure };
  };
}

/** Turns credentials into a header, which redirects can leave out. */
function parted(given: URL, user: string | undefined): { url: URL; authorization: string | undefined } {
  const url = new URL(given);
  url.username = '';
  url.password = '';
  const inUrl =
    given.username === '' && given.password === ''
      ? undefined
      : `${decoded(given.username)}:${decoded(given.password)}`;
  const credentials = user ?? inUrl;
  // Not shown, because it may be the password.
  if (credentials?.includes(':') === false) throw new CommandError('-u takes USER:PASSWORD');
  return {
    url,
    authorization: credentials && `Basic ${Buffer.from(credentials).toString('base64')}`,
  };
}

/** A header that was copied from another request must not stand beside ours. */
function isNotTraced(header: string): boolean {
  return !isTraceHeader(header.split(':', 1)[0] ?? '');
}

function bodyOf(data: readonly string[]): Buffer[] {
  return data.flatMap((each, index) => {
    const bytes = each.startsWith('@') ? fileOf(each.slice(1)) : Buffer.from(each);
    return index === 0 ? [bytes] : [Buffer.from('&'), bytes];
  });
}

function fileOf(path: string): Buffer {
  try {
    const bytes = readFileSync(path === '-' ? 0 : path);
    return bytes.filter((byte) => byte !== 0x0a && byte !== 0x0d) as Buffer;
  } catch (error) {
    throw new CommandError(`cannot read the body for -d: ${(error as Error).message}`);
  }
}
