// The points of incoming HTTP requests: what `wsgi`, OSProfiler's name for them, says at its start and at its stop,
// and how much of an answer has been sent.
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

import { requestTarget } from '../../redaction/url.js';
import type { Context } from '../../trace/context.js';
import { type Point, startPoint, stopPoint } from '../../trace/point.js';
import { aborted } from './http.js';

/** Starts the point of an incoming request. */
export function startIncoming(parent: Context, path: string, method: unknown, scheme: unknown): Point {
  return startPoint('wsgi', parent, { request: { ...requestTarget(path), method, scheme } });
}

/**
 * Stops the point of an incoming request.
 *
 * @param status what the client was sent; undefined where it was sent none
 * @param isComplete whether all of the answer was sent
 */
export function stopIncoming(point: Point, status: number | undefined, isComplete: boolean): void {
  stopPoint(point, {
    ...(!isComplete && aborted),
    ...(status !== undefined && { response: { status_code: status } }),
  });
}

/** A response's head as Node keeps it: these fields are the same since version 12. */
interface Head {
  /** As it was or will be sent. */
  readonly _header?: unknown;
  /** It was written, which on a connection that is closed leads nowhere. */
  readonly _headerSent?: unknown;
  /** What waits for the connection. */
  readonly outputData?: { readonly length: number };
}

/**
 * Whether the client was sent the head of a response that is not complete. `headersSent` only says that Node has
 * put it together.
 *
 * @param sentBefore how much the connection had sent before; undefined where it does not count
 */
export function isHeadSent(
  response: ServerResponse,
  socket: Socket,
  sentBefore: number | undefined,
): boolean {
  const { _headerSent, outputData } = response as Head;
  const isWritten = _headerSent === true && outputData?.length === 0;
  return isWritten && (sentBefore === undefined || socket.bytesWritten > sentBefore);
}

/** The status that was sent: `statusCode` may have got another one since. */
export function statusIn(response: ServerResponse): number {
  const { _header } = response as Head;
  const status = typeof _header === 'string' ? Number(_header.slice(9, 12)) : 0;
  return status >= 100 ? status : response.statusCode;
}

/** Watches a socket that was handed over to the application for the status line of its answer. */
export const watchHandshake: typeof import('./handshake.js').watchHandshake = (...given) =>
  (require('./handshake.js') as typeof import('./handshake.js')).watchHandshake(...given);
