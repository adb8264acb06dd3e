// Bounds the answers of stores whose client libraries give nobody their sockets.
import { AsyncLocalStorage } from 'node:async_hooks';
import { Socket } from 'node:net';

import { Intake } from './intake.js';

const running = new AsyncLocalStorage<Intake>();
let isPatched = false;

/**
 * Bounds what comes in where a client library gives nobody its sockets. All that it makes while it is called, and
 * after that by itself, runs in the context of the call, and so do the sockets' answers: by that they are known. Here
 * is no application, whose `net` this would be: drivers run in the exporter's thread and in the command.
 */
export function boundSockets(): {
  /** Calls it; its answers may have so many bytes all in all. */
  within<Result>(bytes: number, body: () => Promise<Result>): Promise<Result>;
} {
  const intake = new Intake();
  if (!isPatched) {
    isPatched = true;
    const { push } = Socket.prototype;
    Socket.prototype.push = function (this: Socket, piece: Buffer | null, encoding?: BufferEncoding) {
      return running.getStore()?.take(this, piece) !== false && Reflect.apply(push, this, [piece, encoding]);
    };
  }
  return {
    within(bytes, body) {
      intake.begin(bytes);
      return running.run(intake, body);
    },
  };
}
