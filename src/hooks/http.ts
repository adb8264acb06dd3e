import type { Socket } from 'node:net';

import type { Info } from '../trace/event.js';
import { type Guard, guarded } from './guard.js';
import { lookalike } from './patch.js';

/** What the stop of an exchange that broke off says. */
export const aborted: Info = {
  etype: 'Aborted',
  message: 'the connection was closed before the response was complete',
};

/** The port of a URL that names none. */
export const defaultPort = (scheme: string): number => (scheme === 'https' ? 443 : 80);

/** The status of an HTTP/2 answer; undefined before there is one. */
export function statusOf(headers: Readonly<Record<string, unknown>> | undefined): number | undefined {
  const status = headers?.[':status'];
  return typeof status === 'number' ? status : undefined;
}

/**
 * Watches a socket that was handed over to the application for the status line of its answer. Whatever is
 * written afterwards is none of ours.
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
  const answer = ([chunk]: readonly unknown[]): void => {
    const [, status] = /^HTTP\/1\.[01] (\d{3})/.exec(textOf(chunk)) ?? [];
    if (status !== undefined) stop(Number(status));
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

/** The beginning of what is written, as far as a status line goes. */
function textOf(chunk: unknown): string {
  if (typeof chunk === 'string') return chunk.slice(0, 16);
  return chunk instanceof Uint8Array ? Buffer.from(chunk.subarray(0, 16)).toString('latin1') : '';
}
