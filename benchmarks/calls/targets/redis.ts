// A command of node-redis, over a connection that is not real.
import { EventEmitter } from 'node:events';

import { createClient } from 'redis';

import type { Kind } from '../kind.js';
import { type Asking, asking } from './redis-commands.js';

/** A client of node-redis. */
function openRedis(): Asking {
  // A time-out is an AbortSignal for each command, which takes ten times as long as all the rest.
  const client = createClient({ socket: { host: 'cache.shop' }, commandOptions: { timeout: 0 } });
  const inner = client as unknown as Inner;
  inner._ejectSocket();
  inner._insertSocket(Object.assign(new EventEmitter(), { isOpen: true, isReady: true, write() {} }));
  const queue = inner._getQueue();
  return {
    get: (key) => client.get(key),
    answer() {
      for (const _command of queue.commandsToWrite());
      queue.decoder.onReply('12');
    },
  };
}

/** The properties of a node-redis client that its types do not have. */
interface Inner {
  _ejectSocket(): void;
  _insertSocket(socket: object): void;
  _getQueue(): {
    commandsToWrite(): Iterable<unknown>;
    readonly decoder: { onReply(reply: string): void };
  };
}

export const redis: Kind = {
  name: 'redis: a command',
  count: 300,
  points: 1,
  open: async () => asking(openRedis()),
};
