// What a kind of call is, and what the kinds share.
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { Duplex } from 'node:stream';

import type { profiler as Profiler } from '../../src/index.js';

/** The surroundings of a batch. */
export interface Asked {
  readonly count: number;
  /** The id of the trace in which the batch runs. */
  readonly base_id: string | undefined;
  readonly profiler: typeof Profiler;
}

/** Runs this many calls. It is the part that is measured. */
export type Batch = () => void | Promise<void>;

/** A server that is not the benchmark's own. */
export type Need = 'RabbitMQ' | 'NATS' | 'Kafka';

/** A kind of call. */
export interface Kind {
  readonly name: string;
  /** Calls in a batch: about a millisecond's worth. */
  readonly count: number;
  /** The points that a traced call makes; undefined if calls are not made in a trace. */
  readonly points?: number;
  /** Whether the call asks for a trace by itself, and gets none. */
  readonly isRefused?: true;
  /** Whether it brings its own trace along, and is not called in one. */
  readonly isTrigger?: true;
  /** Whether it is not one of the agent's own calls: its price is the storage's. */
  readonly isAwait?: true;
  /**
   * Whether it goes through a socket or another thread. Its own cost then varies by more than an idle wrapper takes,
   * so it has no budgets for idle.
   */
  readonly isCoarse?: true;
  /** The server without which it is not measured. */
  readonly needs?: Need;
  /** Prepares what is needed once. The function that it returns prepares a batch. */
  open(): Promise<(asked: Asked) => Batch>;
}

/** The folder of the benchmarks' sources: files that are not compiled lie there. */
export const sources: string = resolve(__dirname, '../../../benchmarks');

/**
 * Loads a package of the benchmarks, or else of the project. A kind loads its package when it is opened, so that a
 * process has only what it measures.
 */
export const load: <T>(name: string) => T = createRequire(join(sources, 'package.json'));

/** Makes calls one after the other. */
export const sync =
  (call: (asked: Asked) => void) => async (): Promise<(asked: Asked) => Batch> => (asked) => () => {
    for (let i = 0; i < asked.count; i++) call(asked);
  };

/** Makes all calls of a batch at a time, and waits for all. */
export const together =
  (call: (asked: Asked) => Promise<unknown>) =>
  (asked: Asked): Batch =>
  async () => {
    await Promise.all(Array.from({ length: asked.count }, () => call(asked)));
  };

/** A socket that takes what is written. `answer` may give what comes back. */
export function quietSocket(answer?: (written: Buffer) => Buffer | undefined): Duplex {
  const socket = new Duplex({
    read() {},
    write(written: Buffer, _encoding, done) {
      const reply = answer?.(written);
      if (reply !== undefined) this.push(reply);
      done();
    },
  });
  return Object.assign(socket, { setTimeout() {}, setNoDelay() {}, setKeepAlive() {} });
}

export const noop = (): void => {};
