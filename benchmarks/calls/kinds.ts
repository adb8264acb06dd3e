// The kinds of calls whose price is measured.
import { ChildProcess } from 'node:child_process';
import { channel } from 'node:diagnostics_channel';
import { EventEmitter } from 'node:events';
import { Agent, request as httpRequest } from 'node:http';
import { Worker } from 'node:worker_threads';

import type { profiler as Profiler } from '../../src/index.js';
import { signIds } from '../../src/trace/signing.js';
import { hmacKey } from '../variants.js';
import { type Exchange, fresh, openExchange } from './exchange.js';
import { both, refusedKinds, usual } from './header-kinds.js';
import { openIoredis, openMysql, openPg, openRedis } from './stubs.js';

/** The surroundings of a batch. */
interface Asked {
  readonly count: number;
  /** The id of the trace in which the batch runs. */
  readonly base_id: string | undefined;
  readonly profiler: typeof Profiler;
}

/** Runs this many calls. It is the part that is timed. */
type Batch = () => void | Promise<void>;

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
  /** Prepares what is needed once. The function that it returns prepares a batch. */
  open(): Promise<(asked: Asked) => Batch>;
}

const server = channel('http.server.request.start');

/** Does what Node does with a request: it tells the channel, the application answers, the response closes. */
function dispatch({ request, response }: Exchange): void {
  if (server.hasSubscribers) server.publish({ request, response, socket: request.socket, server: undefined });
  response.emit('close');
}

async function openServer(
  headersOf: (base_id: string | undefined) => readonly (readonly [string, string])[],
): Promise<(asked: Asked) => Batch> {
  const exchange = await openExchange();
  return ({ count, base_id }) => {
    const copies = Array.from({ length: count }, () => fresh(exchange, headersOf(base_id)));
    return () => {
      for (const copy of copies) dispatch(copy);
    };
  };
}

/** Never gives a socket: the making of a request is measured, not its way. */
const agent = Object.assign(new Agent(), { createSocket() {} });

/** Behaves like `spawn`, but makes no system call. */
function stubbedChild(): ChildProcess {
  const child = Object.create(ChildProcess.prototype) as ChildProcess;
  Reflect.apply(EventEmitter, child, []);
  return Object.assign(child, { _handle: { spawn: () => 0, pid: 1 }, _closesNeeded: 1, _closesGot: 0 });
}

const sync =
  (call: (asked: Asked) => void) => async (): Promise<(asked: Asked) => Batch> => (asked) => () => {
    for (let i = 0; i < asked.count; i++) call(asked);
  };

/** Asks by promises: the batch ends when the last one is settled. */
const asking =
  (client: ReturnType<typeof openRedis>) =>
  ({ count }: Asked): Batch =>
  async () => {
    let last: unknown;
    for (let i = 0; i < count; i++) {
      last = client.get('stock:42');
      client.answer();
    }
    await last;
  };

const noop = (): void => {};
const statement = 'SELECT sku, quantity, price FROM order_lines WHERE order_id = 42';

export const kinds: readonly Kind[] = [
  {
    name: 'http server: a request',
    count: 300,
    points: 1,
    isTrigger: true,
    open: () =>
      openServer((base_id) =>
        base_id === undefined ? usual : [...usual, ...both(signIds(base_id, base_id, hmacKey))],
      ),
  },
  {
    name: 'http client: a request',
    count: 200,
    points: 1,
    open: sync(() => {
      const request = httpRequest({ agent, host: '127.0.0.1', path: '/stock/42' });
      request.on('error', noop);
      request.emit('close');
    }),
  },
  {
    name: 'pg: a query',
    count: 500,
    points: 1,
    async open() {
      const { client, answer } = openPg();
      return ({ count }) =>
        () => {
          for (let i = 0; i < count; i++) {
            client.query(statement, noop);
            answer();
          }
        };
    },
  },
  {
    name: 'mysql2: a query',
    count: 100,
    points: 1,
    async open() {
      const { connection, answer } = openMysql();
      return ({ count }) =>
        () =>
          new Promise((resolve, reject) => {
            let left = count;
            const next = (error?: unknown): void => {
              if (error) reject(error);
              else if (left-- === 0) resolve();
              else {
                connection.query(statement, next);
                answer();
              }
            };
            next();
          });
    },
  },
  {
    name: 'ioredis: a command',
    count: 300,
    points: 1,
    open: async () => asking(openIoredis()),
  },
  {
    name: 'redis: a command',
    count: 300,
    points: 1,
    open: async () => asking(openRedis()),
  },
  {
    name: 'child_process: spawn',
    count: 200,
    points: 1,
    open: sync(() => {
      const child = stubbedChild();
      Reflect.apply((ChildProcess.prototype as unknown as { spawn: () => unknown }).spawn, child, [
        { file: '/bin/true', args: ['/bin/true'], stdio: 'ignore', envPairs: [] },
      ]);
      child.emit('exit', 0, null);
      child.emit('close', 0, null);
    }),
  },
  {
    // In a trace, each would be given a ring before Node throws. The benchmark of requests measures whole threads.
    name: 'new Worker, refused by Node',
    count: 100,
    open: sync(() => {
      try {
        void new Worker(42 as never);
      } catch {
        // not the name of a file
      }
    }),
  },
  {
    name: 'profiler.trace, no info',
    count: 500,
    points: 1,
    open: sync(({ profiler }) => profiler.trace('priced', noop)),
  },
  {
    name: 'profiler.trace with info',
    count: 500,
    points: 1,
    open: sync(({ profiler }) => profiler.trace('priced', { function: { name: 'Basket.priced' } }, noop)),
  },
  {
    name: 'await of a value',
    count: 10_000,
    points: 0,
    isAwait: true,
    open:
      async () =>
      ({ count }) =>
      async () => {
        // oxlint-disable-next-line typescript/await-thenable -- the price of an `await` is the question
        for (let i = 0; i < count; i++) await undefined;
      },
  },
  ...refusedKinds.map(({ what, headers }): Kind => ({
    name: `refused: ${what}`,
    count: 200,
    isRefused: true,
    open: () => openServer(() => headers),
  })),
];
