// A query of mysql2, over a connection that is not real.
import { EventEmitter } from 'node:events';

import { type Connection, createConnection } from 'mysql2';

import type { Kind } from '../kind.js';

const statement = 'SELECT sku, quantity, price FROM order_lines WHERE order_id = 42';

/** A connection of mysql2. */
function openMysql(): { readonly connection: Connection; answer(): void } {
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
  // A server's connection does not begin with a handshake, and on a busy machine the first answer takes a while.
  const config = { isServer: true, connectTimeout: 0, stream, host: 'db.shop', database: 'shop' };
  const connection = createConnection(config as Parameters<typeof createConnection>[0]);
  Object.assign(connection, { _handshakePacket: { capabilityFlags: 0 } });
  return { connection, answer: () => void stream.emit('data', ok) };
}

export const mysql2: Kind = {
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
};
