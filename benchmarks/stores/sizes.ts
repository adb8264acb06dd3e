// Asks stores how many bytes they hold.
import { readdirSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';

import { createConnection } from 'mysql2/promise';
import { Client } from 'pg';

/** Asks a store how many bytes it holds; undefined if it cannot be asked. */
export async function bytesIn(connectionString: string): Promise<number | undefined> {
  const [scheme = ''] = connectionString.split(/[:+]/, 1);
  return askers[scheme]?.(connectionString);
}

const askers: Readonly<Record<string, (connectionString: string) => Promise<number> | number>> = {
  file(connectionString) {
    const folder = connectionString.slice('file://'.length);
    return readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
  },

  async postgresql(connectionString) {
    const client = new Client(connectionString.replace(/^[^:]*/, 'postgresql'));
    await client.connect();
    // The table's own name is OSProfiler's; with its indexes.
    const { rows } = await client.query<{ size: string }>("SELECT pg_total_relation_size('data') AS size");
    await client.end();
    return Number(rows[0]!.size);
  },

  async mysql(connectionString) {
    const connection = await createConnection(connectionString.replace(/^[^:]*/, 'mysql'));
    await connection.query('ANALYZE TABLE data');
    const [rows] = await connection.query(
      'SELECT data_length + index_length AS size FROM information_schema.tables' +
        " WHERE table_schema = database() AND table_name = 'data'",
    );
    await connection.end();
    return (rows as { size: number }[])[0]!.size;
  },

  redis(connectionString) {
    const { hostname, port } = new URL(connectionString.replace(/^[^:]*/, 'http'));
    return new Promise((resolve, reject) => {
      const socket = connect(Number(port || 6379), hostname, () => socket.write('INFO memory\r\n'));
      socket.on('error', reject);
      socket.once('data', (answer) => {
        socket.destroy();
        resolve(Number(/used_memory:(\d+)/.exec(answer.toString())?.[1]));
      });
    });
  },
};
