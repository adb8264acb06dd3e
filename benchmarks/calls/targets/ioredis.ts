// A command of ioredis, over a connection that is not real.
import { Redis } from 'ioredis';

import type { Kind } from '../kind.js';
import { type Asking, asking } from './redis-commands.js';

/** A client of ioredis. */
function openIoredis(): Asking {
  const client = new Redis({ host: 'cache.shop', lazyConnect: true });
  const stream = { writable: true, write: () => true };
  Object.assign(client, { status: 'ready', stream, condition: { select: 0, subscriber: false } });
  const { commandQueue } = client as unknown as {
    commandQueue: { shift(): { command: { resolve(reply: Buffer): void } } };
  };
  const reply = Buffer.from('12');
  return { get: (key) => client.get(key), answer: () => commandQueue.shift().command.resolve(reply) };
}

export const ioredis: Kind = {
  name: 'ioredis: a command',
  count: 300,
  points: 1,
  open: async () => asking(openIoredis()),
};
