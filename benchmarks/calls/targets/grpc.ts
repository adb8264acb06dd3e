// A unary call of @grpc/grpc-js, whose server is in the benchmark's own process.
import type * as Grpc from '@grpc/grpc-js';

import { type Kind, load, together } from '../kind.js';

const serialize = (text: string): Buffer => Buffer.from(text);
const deserialize = (bytes: Buffer): string => bytes.toString();
const limitMs = 20_000;

export const grpc: Kind = {
  name: '@grpc/grpc-js: a unary call',
  count: 40,
  points: 1,
  isCoarse: true,
  async open() {
    const { Client, credentials } = load<typeof Grpc>('@grpc/grpc-js');
    const client = new Client(process.env['BENCH_GRPC']!, credentials.createInsecure());
    await new Promise<void>((resolve, reject) => {
      client.waitForReady(Date.now() + limitMs, (error) => (error ? reject(error) : resolve()));
    });
    return together(
      () =>
        new Promise((resolve, reject) => {
          client.makeUnaryRequest('/Upstream/Answer', serialize, deserialize, '42', (error, answer) =>
            error ? reject(error) : resolve(answer),
          );
        }),
    );
  },
};
