// The answer to an upgrade or a `CONNECT`, seen on the socket that was handed over. Loaded with the first of them that is
// traced.
import type { Socket } from 'node:net';

import { type Guard, guarded } from '../guard.js';
import { lookalike } from '../patch.js';

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
