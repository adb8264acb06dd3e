// What the answers and the failures of stores over HTTP mean for a batch, and for people.
import { DriverError, protocolReason } from '../driver.js';

const maxReasonLength = 200;

const hasMoved = 'it has moved; name its new address in the connection string';
// What the server's administrator or the one who wrote the connection string can mend: the same request is
// right then. All else from 400 to 499 is a request that will never be.
const mendable: Readonly<Record<number, string>> = {
  301: hasMoved,
  302: hasMoved,
  307: hasMoved,
  308: hasMoved,
  401: 'the credentials are missing or wrong; check the user and the password in the connection string',
  403: 'these credentials lack a right; check the user, the password and the rights of the user',
  404: 'it has no such path or database; check the connection string',
  405: 'it does not accept this request at that path; check the path in the connection string',
  407: 'a proxy requires credentials; add them as a header to the connection string (?header.NAME=VALUE)',
  408: 'it did not get the request in time',
  409: 'something else changed it at the same time',
  425: 'it is too early',
  429: 'it receives too many requests',
};

/** An answer that is no success. */
export class HttpError extends DriverError {
  override readonly name: string = 'HttpError';
  readonly status: number;
  /** Whether the same request will be refused at any time. */
  readonly isForGood: boolean;
  /** The message without the server's name. */
  readonly reason: string;
  readonly body: Buffer;

  constructor(label: string, status: number, body: Buffer) {
    const advice = mendable[status];
    const isForGood = status >= 400 && status < 500 && advice === undefined;
    const said = [advice, reasonIn(body)].filter(Boolean).join(': ');
    super(
      `${label} ${isForGood ? 'rejects the request' : 'cannot serve the request now'} (HTTP ${status})${said && `: ${said}`}`,
      {
        // It was judged before any of it was done; where a server failed, it may have done a part.
        isCertain: status < 500,
      },
    );
    this.status = status;
    this.isForGood = isForGood;
    this.reason = [`HTTP ${status}`, said].filter(Boolean).join(': ');
    this.body = body;
  }
}

/** A text of somebody else's as a part of one line. */
export function cutToLine(text: string, maxLength: number = maxReasonLength): string {
  const line = text.replace(/[\s\p{Cc}\p{Cf}\ufffd]+/gu, ' ').trim();
  return line.length <= maxLength ? line : `${line.slice(0, maxLength)}…`;
}

/** What a server says of a failure: as a member of some JSON, as plain text, or in a page, which nobody reads. */
function reasonIn(body: Buffer): string {
  const text = body.toString('utf8', 0, 64 * 1024);
  try {
    return cutToLine(messageIn(JSON.parse(text)));
  } catch {
    return /^\s*</.test(text) ? '' : cutToLine(text);
  }
}

function messageIn(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null) return '';
  const { error, reason, message } = value as Record<string, unknown>;
  return [error, reason, message].map(messageIn).find((text) => text !== '') ?? '';
}

/** @param isConnected whether a part of the request may have arrived */
export function connectionFailure(label: string, error: unknown, isConnected: boolean): DriverError {
  const { code, message } = error as NodeJS.ErrnoException;
  const reason = protocolReason(error) ?? reasons[code ?? ''] ?? cutToLine(message || (code ?? 'unknown'));
  const what = isConnected ? `the connection to ${label} failed` : `cannot connect to ${label}`;
  return new DriverError(`${what}: ${reason}`, { cause: error, isCertain: !isConnected });
}

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there; check the host and the port, and that the server runs',
  ECONNRESET: 'the server closed it',
  EPIPE: 'the server closed it',
  ENOTFOUND: 'the name of the host is not known; check the connection string',
  EAI_AGAIN: 'the name of the host could not be looked up',
  EHOSTUNREACH: 'there is no route to that host',
  ENETUNREACH: 'there is no route to that network',
};
