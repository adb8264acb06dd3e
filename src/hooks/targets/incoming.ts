// The points of incoming HTTP requests: what `wsgi`, OSProfiler's name for them, says at its start and at its stop,
// and how much of an answer has been sent.
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

import { requestTarget } from '../../redaction/url.js';
import type { Context } from '../../trace/context.js';
import { type Point, startPoint, stopPoint } from '../../trace/point.js';
import { type Guard, guarded } from '../guard.js';
import { lookalike } from '../patch.js';
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

/**
 * Watches a socket that was handed over to the application for the status line of its answer. All that is written
 * after that belongs to another protocol.
 *
 * @param onEnd told once: the status, or undefined where the socket was closed without an answer
 */
export function watchHandshake(
  socket: Socket,
  guard: Guard,
  onEnd: (status: number | undefined) => void,
): void {
  let isOver = false;
  const stop = (status: number | undefined): void => {
    if (isOver) return;
    isOver = true;
    for (const [method, own] of ours) {
      // The application may have wrapped it meanwhile: then it stays below, and passes everything on.
      if (socket[method] === own) Reflect.deleteProperty(socket, method);
    }
    guarded(guard, () => onEnd(status));
  };
  let head = '';
  const answer = ([chunk]: readonly unknown[]): void => {
    // On a closed connection it goes nowhere.
    if (!socket.writable) return;
    head += textOf(chunk, maxHead - head.length);
    // What comes before the answer itself: 100, 103.
    head = head.replace(/^(?:HTTP\/1\.[01] 1(?!01)\d\d[^]*?\r\n\r\n)+/, '');
    const [, status] = /^HTTP\/1\.[01] (101|[2-9]\d\d)/.exec(head) ?? [];
    if (status !== undefined) stop(Number(status));
    else if (!'HTTP/1.'.startsWith(head.slice(0, 7))) head = '';
  };
  const close = ([event]: readonly unknown[]): void => void (event === 'close' && stop(undefined));
  // What somebody else has put over a method already must stay.
  const observed = (['write', 'end', 'emit'] as const).filter((method) => !Object.hasOwn(socket, method));
  const ours = observed.map(
    (method) => [method, putOver(socket, method, guard, method === 'emit' ? close : answer)] as const,
  );
}

/** Puts a method that shows its arguments to an observer over an inherited one; gives it. */
function putOver(
  socket: Socket,
  method: 'write' | 'end' | 'emit',
  guard: Guard,
  observe: (args: readonly unknown[]) => void,
): unknown {
  const original = socket[method] as (...args: unknown[]) => unknown;
  const value = lookalike(original, (self, args) => {
    guarded(guard, () => observe(args));
    return Reflect.apply(original, self, args);
  });
  Object.defineProperty(socket, method, { value, configurable: true, writable: true });
  return value;
}

/** The beginning of what is written. */
function textOf(chunk: unknown, most: number): string {
  if (typeof chunk === 'string') return chunk.slice(0, most);
  return chunk instanceof Uint8Array ? Buffer.from(chunk.subarray(0, most)).toString('latin1') : '';
}

/** Of an answer and all that comes before it. */
const maxHead = 16 * 1024;
