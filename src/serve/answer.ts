// The answers of the server: their headers, and how they are written.
import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';

/** The answer of a handler. */
export interface Answer {
  readonly status?: number;
  /** Undefined for JSON. */
  readonly type?: string;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** If it is what the browser has already, the body is not sent. Undefined for a hash of the body. */
  readonly tag?: string;
}

/** An answer that is a problem; the message is one sentence for people. */
export class Refusal extends Error {
  override readonly name: string = 'Refusal';
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.status = status;
    this.headers = headers;
  }
}

/** On every answer: nothing of it is kept, framed, sniffed, or told to others. */
const always = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
} as const;

/** Writes an answer. */
export function write(request: IncomingMessage, response: ServerResponse, answer: Answer): void {
  const { status = 200, type = 'application/json; charset=utf-8', body, headers, tag } = answer;
  const text = typeof body === 'string' && answer.type !== undefined ? body : JSON.stringify(body);
  const etag = `"${tag ?? createHash('sha256').update(text).digest('base64url')}"`;
  const isKnown = status === 200 && request.headers['if-none-match'] === etag;
  response.writeHead(isKnown ? 304 : status, {
    ...always,
    ...headers,
    ...(status === 200 && { ETag: etag }),
    ...(!isKnown && { 'Content-Type': type, 'Content-Length': Buffer.byteLength(text) }),
  });
  response.end(isKnown || request.method === 'HEAD' ? undefined : text);
}

const mostBytes = 1024 * 1024;

/**
 * Reads the JSON object of a request.
 *
 * @throws Refusal if it is too large, or none
 */
export async function readJson(request: IncomingMessage): Promise<Readonly<Record<string, unknown>>> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > mostBytes) {
      throw new Refusal(413, `the request is too large; expected at most ${mostBytes} bytes`, {
        Connection: 'close',
      });
    }
    chunks.push(chunk);
  }
  try {
    const value: unknown = JSON.parse(Buffer.concat(chunks).toString());
    if (typeof value === 'object' && value !== null) return value as Readonly<Record<string, unknown>>;
  } catch {
    // It is said below.
  }
  throw new Refusal(400, 'the body is no JSON object');
}
