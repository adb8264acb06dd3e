// The packages' own clients over connections that are not real: a query is answered when the benchmark says so, so
// only the client and the agent are timed.
import { EventEmitter } from 'node:events';

import { Redis } from 'ioredis';
import { type Connection, createConnection } from 'mysql2';
import { Client } from 'pg';
import { createClient } from 'redis';

/** A client of pg; `answer` is what the server says to its query. */
export function openPg(): { readonly client: Client; answer(): void } {
  const nothing = (): void => {};
  const connection = Object.assign(new EventEmitter(), {
    connect: nothing,
    query: nothing,
    ref: nothing,
    unref: nothing,
    parsedStatements: {},
    submittedNamedStatements: {},
  });
  const config = { host: 'db.shop', database: 'shop', connection } as ConstructorParameters<typeof Client>[0];
  const client = new Client(config);
  client.connect(nothing);
  connection.emit('readyForQuery', {});
  return {
    client,
    answer() {
      connection.emit('commandComplete', { text: 'SELECT 1' });
      connection.emit('readyForQuery', {});
    },
  };
}

/** A connection of mysql2. */
export function openMysql(): { readonly connection: Connection; answer(): void } {
  // "OK, no rows": length 7, the number of the packet, and what it says.
  const ok = Buffer.from([7, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0]);
  const stream = Object.assign(new EventEmitter(), {
    write(packet: Buffer): boolean {
      ok[3] = packet[3]! + 1;
      return true;
    },
    end() {},
    destroy() {},
    setNoDelay() {},
    setKeepAlive() {},
  });
  // A server's connection does not begin with a handshake.
  const config = { isServer: true, stream, host: 'db.shop', database: 'shop' };
  const connection = createConnection(config as Parameters<typeof createConnection>[0]);
  Object.assign(connection, { _handshakePacket: { capabilityFlags: 0 } });
  return { connection, answer: () => void stream.emit('data', ok) };
}

/** Asks a stubbed Redis; `answer` is what the server says. */
interface Asking {
  get(key: string): Promise<unknown>;
  answer(): void;
}

/** A client of ioredis. */
export function openIoredis(): Asking {
  const client = new Redis({ host: 'cache.shop', lazyConnect: true });
  const stream = { writable: true, write: () => true };
  Object.assign(client, { status: 'ready', stream, condition: { select: 0, subscriber: false } });
  const { commandQueue } = client as unknown as {
    commandQueue: { shift(): { command: { resolve(reply: Buffer): void } } };
  };
  const reply = Buffer.from('12');
  return { get: (key) => client.get(key), answer: () => commandQueue.shift().command.resolve(reply) };
}

/** A client of node-redis. */
export function openRedis(): Asking {
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
