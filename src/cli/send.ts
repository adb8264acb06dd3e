// Sends one HTTP request of a command.
import {
  type IncomingMessage,
  request as requestByHttp,
  validateHeaderName,
  validateHeaderValue,
} from 'node:http';
import { request as requestByHttps } from 'node:https';

import { protocolReason } from '../drivers/driver.js';
import { CommandError } from './command.js';

export type Headers = Record<string, string | string[]>;

/** Something answered, but in another protocol. */
export class ProtocolError extends CommandError {}

/** A request to send. */
export interface Outgoing {
  readonly url: URL;
  readonly method: string;
  readonly headers: Headers;
  readonly body: Buffer | undefined;
  /** The limit for request and response together; 0 for none. */
  readonly timeoutMs: number;
  /** Whether any certificate is accepted. */
  readonly isInsecure?: boolean;
}

/**
 * Sends a request and hands its response over.
 *
 * @param receive reads the response to its end
 */
export async function send(
  { url, method, headers, body, timeoutMs, isInsecure = false }: Outgoing,
  receive: (response: IncomingMessage) => Promise<void>,
): Promise<void> {
  const request = url.protocol === 'https:' ? requestByHttps : requestByHttp;
  // Credentials are kept out of messages.
  const shown = `${url.origin}${url.pathname}`;
  let hasAnswered = false;
  try {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const outgoing = request(url, {
        method,
        headers,
        agent: false,
        ...(isInsecure && { rejectUnauthorized: false }),
        ...(timeoutMs > 0 && { signal: AbortSignal.timeout(timeoutMs) }),
      });
      outgoing.on('response', resolve).on('error', reject).end(body);
    });
    hasAnswered = true;
    await receive(response);
  } catch (error) {
    if (error instanceof CommandError) throw error;
    if ((error as Error).name === 'AbortError') {
      throw new CommandError(`${shown} took longer than ${timeoutMs / 1000} s; --timeout sets the limit`);
    }
    const protocol = protocolReason(error);
    if (protocol !== undefined) throw new ProtocolError(`no response from ${shown}: ${protocol}`);
    const reason = reasonOf(error) + certificateAdvice(error);
    throw new CommandError(
      hasAnswered
        ? `the response of ${shown} broke off: ${reason}`
        : `no response from ${shown}: ${reason}; check the URL, and that the service runs there`,
    );
  }
}

/** Reads a URL as curl does: without a scheme it is http. */
export function urlFrom(text: string): URL {
  const withScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`;
  const url = URL.canParse(withScheme) ? new URL(withScheme) : undefined;
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return url;
  throw new CommandError(`"${text}" is not a URL; expected one such as http://localhost:3000/orders/42`);
}

/**
 * Reads headers as curl does: `Name: value`, or `Name:` to leave one of ours out.
 *
 * @param defaults the headers that are sent unless another value is given
 */
export function headersFrom(given: readonly string[], defaults: Readonly<Record<string, string>>): Headers {
  const headers = new Map<string, { name: string; values: string[] }>();
  for (const header of given) {
    const [, name, value] = /^([^:]+):(.*)$/s.exec(header) ?? [];
    if (name === undefined || value === undefined || !isHeader(name, value.trim())) {
      // Not shown, because it may be a password.
      throw new CommandError("-H takes 'Name: value' in ASCII, or 'Name:' to leave a header out");
    }
    const { values } = entry(headers, name);
    if (value.trim() !== '') values.push(value.trim());
  }
  for (const [name, value] of Object.entries(defaults)) {
    if (!headers.has(name.toLowerCase())) entry(headers, name).values.push(value);
  }
  // Node takes an array for several headers of one name, but not for every name.
  return Object.fromEntries(
    [...headers.values()]
      .filter(({ values }) => values.length > 0)
      .map(({ name, values: [first = '', ...rest] }) => [name, rest.length === 0 ? first : [first, ...rest]]),
  );
}

function entry(
  headers: Map<string, { name: string; values: string[] }>,
  name: string,
): { name: string; values: string[] } {
  const key = name.toLowerCase();
  const found = headers.get(key) ?? { name, values: [] };
  headers.set(key, found);
  return found;
}

function isHeader(name: string, value: string): boolean {
  try {
    validateHeaderName(name);
    validateHeaderValue(name, value);
    return true;
  } catch {
    return false;
  }
}

/** Recognises certificate errors by the names that OpenSSL and Node give them. */
function certificateAdvice(error: unknown): string {
  const { code = '' } = error as { readonly code?: string };
  return /CERT|^UNABLE_TO_(?:GET_ISSUER|VERIFY)|ALTNAME/.test(code)
    ? '; -k accepts any certificate, and NODE_EXTRA_CA_CERTS names a certificate authority to trust'
    : '';
}

/** A failed connection to several addresses has no message of its own. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') {
    return error.errors.map(reasonOf).join(', ');
  }
  return error instanceof Error ? error.message : String(error);
}
