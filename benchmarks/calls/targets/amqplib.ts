// A message of amqplib to a RabbitMQ that has no queue for it, on a channel without confirms and on one with them.
import type * as Amqplib from 'amqplib';

import { type Asked, type Batch, type Kind, load } from '../kind.js';

const message = Buffer.from('{"order":42}');

async function connect(): Promise<Amqplib.ChannelModel> {
  return load<typeof Amqplib>('amqplib').connect(process.env['AMQP_URL']!);
}

const kind = (name: string, open: Kind['open']): Kind => ({
  name: `amqplib: a message, ${name}`,
  count: 200,
  points: 1,
  isCoarse: true,
  needs: 'RabbitMQ',
  open,
});

export const amqplib: readonly Kind[] = [
  kind('no confirms', async () => {
    const channel = await (await connect()).createChannel();
    return ({ count }: Asked): Batch =>
      async () => {
        for (let i = 0; i < count; i++) channel.publish('amq.direct', 'nowhere', message);
        // Its answer comes after all messages were written and read.
        await channel.checkExchange('amq.direct');
      };
  }),
  kind('confirmed', async () => {
    const channel = await (await connect()).createConfirmChannel();
    return ({ count }: Asked): Batch =>
      () =>
        new Promise((resolve, reject) => {
          let left = count;
          const confirmed = (error: unknown): void => {
            if (error) reject(error);
            else if (--left === 0) resolve();
          };
          for (let i = 0; i < count; i++) channel.publish('amq.direct', 'nowhere', message, {}, confirmed);
        });
  }),
];
