// A job that bullmq adds by ioredis, over a connection that is not real: Redis has answered when the command is written.
import type * as Bullmq from 'bullmq';
import type * as Ioredis from 'ioredis';

import { type Kind, load, together } from '../kind.js';

/** The used properties of a client of ioredis that its types do not have. */
interface Inner {
  readonly commandQueue: { shift(): { command: { resolve(reply: Buffer): void } } | undefined };
}

export const bullmq: Kind = {
  name: 'bullmq: add',
  count: 50,
  // Below the job's point there is that of the command.
  points: 2,
  async open() {
    const { Queue } = load<typeof Bullmq>('bullmq');
    const client = new (load<typeof Ioredis>('ioredis').Redis)({ host: 'cache.shop', lazyConnect: true });
    const { commandQueue } = client as unknown as Inner;
    const reply = Buffer.from('1');
    const answer = (): void => commandQueue.shift()?.command.resolve(reply);
    const stream = {
      writable: true,
      write() {
        // A command is queued after it is written.
        queueMicrotask(answer);
        return true;
      },
    };
    Object.assign(client, { status: 'ready', stream, condition: { select: 0, subscriber: false } });
    const queue = new Queue('orders', {
      connection: client,
      skipVersionCheck: true,
      skipMetasUpdate: true,
    });
    await queue.waitUntilReady();
    return together(() => queue.add('price', { order: 42 }));
  },
};
