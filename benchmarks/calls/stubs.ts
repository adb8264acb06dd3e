// The packages' own clients over connections that are not real: a query is answered when the benchmark says so, so
// only the client and the agent are timed.
import { EventEmitter } from 'node:events';

import { type Connection, createConnection } from 'mysql2';
import { Client } from 'pg';

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
