// What the clients of Redis share: commands, each of which is answered when the benchmark says so.
import type { Asked, Batch } from '../kind.js';

/** Asks a stubbed Redis; `answer` is what the server says. */
export interface Asking {
  get(key: string): Promise<unknown>;
  answer(): void;
}

/** Asks by promises: the batch ends when the last one is settled. */
export const asking =
  (client: Asking) =>
  ({ count }: Asked): Batch =>
  async () => {
    let last: unknown;
    for (let i = 0; i < count; i++) {
      last = client.get('stock:42');
      client.answer();
    }
    await last;
  };
