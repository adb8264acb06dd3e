// Makes the points of incoming HTTP requests, `wsgi` in OSProfiler, and finds out how much of an answer has been
// sent.
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

import { requestTarget } from '../../redaction/url.js';
import { blockerBefore } from '../../trace/busy.js';
import type { Context } from '../../trace/context.js';
import { cut } from '../../trace/info.js';
import { type Point, startPoint, stopPoint } from '../../trace/point.js';
import { createStamp } from '../../trace/stamp.js';
import { unseenLibraries } from '../../trace/unseen.js';
import { read } from '../guard.js';
import { aborted } from './http.js';

/** Starts the point of an incoming request. */
export function startIncoming(parent: Context, path: string, method: unknown, scheme: unknown): Point {
  const request = { ...requestTarget(path), method, scheme };
  const blocked = blockerBefore();
  return startPoint('wsgi', parent, blocked === undefined ? { request } : { request, blocked });
}

/**
 * Stops the point of an incoming request.
 *
 * @param status the status that was sent to the client; undefined if none was
 * @param isComplete whether the whole answer was sent
 * @param request the object of which a framework may have told the route
 */
export function stopIncoming(
  point: Point,
  status: number | undefined,
  isComplete: boolean,
  request?: object,
): void {
  const route = routeIn(request);
  const unseen = point.isTop && !point.stopped ? unseenLibraries() : undefined;
  stopPoint(point, {
    ...(!isComplete && aborted),
    ...(route !== undefined && { request: { route } }),
    ...(status !== undefined && { response: { status_code: status } }),
    ...(unseen !== undefined && { process: { unseen } }),
  });
}

const routes = createStamp<unknown>();

/**
 * Notes the route that a framework has found for a request.
 *
 * @param request Node's object of it
 * @param route its pattern, or a function that gives it when the request is over
 */
export function noteRoute(request: unknown, route: unknown): void {
  if (typeof request !== 'object' || request === null) return;
  // HTTP/2's request is an object for its stream, which is what is served.
  const { stream } = request as { readonly stream?: unknown };
  routes.put(typeof stream === 'object' && stream !== null ? stream : request, route);
}

function routeIn(request: object | undefined): string | undefined {
  const noted = routes.of(request);
  const route = typeof noted === 'function' ? read(() => (noted as () => unknown)()) : noted;
  return typeof route === 'string' && route !== '' ? cut(route) : undefined;
}

/** A response's head as Node keeps it. These fields have been the same since version 12. */
interface Head {
  /** The head as it was or will be sent. */
  readonly _header?: unknown;
  /** Whether the head was written. What is written to a closed connection goes nowhere. */
  readonly _headerSent?: unknown;
  /** The output that still waits for the connection. */
  readonly outputData?: { readonly length: number };
}

/**
 * Whether the client was sent the head of an incomplete response. `headersSent` only says that Node has put the head
 * together.
 *
 * @param sentBefore the number of bytes that the connection had sent before; undefined if it does not count them
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

/** The status that was sent. `statusCode` may have been changed since. */
export function statusIn(response: ServerResponse): number {
  const { _header } = response as Head;
  const status = typeof _header === 'string' ? Number(_header.slice(9, 12)) : 0;
  return status >= 100 ? status : response.statusCode;
}

/** Watches a socket that was handed over to the application, until the status line of its answer. */
export const watchHandshake: typeof import('./handshake.js').watchHandshake = (...given) =>
  (require('./handshake.js') as typeof import('./handshake.js')).watchHandshake(...given);
