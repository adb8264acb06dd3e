// A message of nats that nobody wants, and a request that the benchmark's own process answers.
import type * as Nats from 'nats';

import { type Asked, type Batch, type Kind, load, together } from '../kind.js';

/** The subject of the requests that a process of the benchmark answers. */
export const answered = (pid: number): string => `ostrace.benchmark.${pid}.answered`;

const payload = new TextEncoder().encode('{"order":42}');

export function connect(url: string = process.env['NATS_URL']!): Promise<Nats.NatsConnection> {
  return load<typeof Nats>('nats').connect({ servers: url });
}

export const nats: readonly Kind[] = [
  {
    name: 'nats: a message',
    count: 300,
    points: 1,
    isCoarse: true,
    needs: 'NATS',
    async open() {
      const connection = await connect();
      return ({ count }: Asked): Batch =>
        async () => {
          for (let i = 0; i < count; i++) connection.publish('ostrace.benchmark.nobody', payload);
          await connection.flush();
        };
    },
  },
  {
    name: 'nats: a request',
    count: 50,
    points: 1,
    isCoarse: true,
    needs: 'NATS',
    async open() {
      const connection = await connect();
      const subject = answered(process.ppid);
      return together(() => connection.request(subject, payload, { timeout: 20_000 }));
    },
  },
];
