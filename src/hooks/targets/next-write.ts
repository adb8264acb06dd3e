// Rewrites the beginning of the next text that a library writes to a socket: some show no hook the text before.
import type { Socket } from 'node:net';

import { createStamp } from '../../trace/stamp.js';
import type { Callback } from '../calls/call.js';
import { lookalike } from '../patch.js';

/** What the next text that is written to a socket begins with, and is to begin with. */
const next = createStamp<{ readonly beginning: string; readonly other: string } | undefined>();

/** Has the next text begin otherwise. Where a body is read first, it is written later. */
export function replaceInNext(socket: Socket, beginning: string, other: string): void {
  const isAwaited = next.of(socket) !== undefined;
  next.put(socket, { beginning, other });
  if (isAwaited) return;
  const replaced = Object.getOwnPropertyDescriptor(socket, 'write');
  const { write } = socket as { write: Callback };
  const own = lookalike(write, (self, args) => {
    const its = next.of(socket);
    next.put(socket, undefined);
    if (socket.write === own) {
      if (replaced === undefined) Reflect.deleteProperty(socket, 'write');
      else Object.defineProperty(socket, 'write', replaced);
    }
    const [text] = args;
    if (its !== undefined && typeof text === 'string' && text.startsWith(its.beginning)) {
      args[0] = its.other + text.slice(its.beginning.length);
    }
    return Reflect.apply(write, self, args);
  });
  Object.defineProperty(socket, 'write', { value: own, configurable: true, writable: true });
}
