import { readdirSync } from 'node:fs';
import { join } from 'node:path';

import { Client } from 'pg';

import { findPrograms } from './scratch.js';
import { sqlServer } from './sql.js';

export const postgresql = sqlServer({
  name: 'PostgreSQL',
  prefix: 'PG',
  usualPort: 5432,
  users: ['postgres', 'root'],
  debianPackage: 'postgresql',
  accounts: ['postgres', 'nobody'],

  async connect(address) {
    const client = new Client({ ...address, database: 'postgres', connectionTimeoutMillis: 5000 });
    // A connection that breaks later shows in the query that needs it.
    client.on('error', () => {});
    await client.connect();
    return client;
  },

  programs: () => findPrograms(['postgres', 'initdb'], debianFolders()),

  async start(scratch, [postgres = '', initdb = ''], isUp) {
    const data = join(scratch.folder, 'data');
    await scratch.run(initdb, [
      '-D',
      data,
      '-U',
      'postgres',
      '-A',
      'trust',
      '-E',
      'UTF8',
      '--no-locale',
      '--no-sync',
    ]);
    const settings = [
      'listen_addresses=127.0.0.1',
      `port=${scratch.port}`,
      'unix_socket_directories=',
      'fsync=off',
    ];
    const args = ['-D', data, ...settings.flatMap((setting) => ['-c', setting])];
    // SIGINT is its fast shutdown; SIGTERM would wait for the clients.
    await scratch.start(postgres, args, 'SIGINT', isUp);
  },

  dropDatabase: (name) => `drop database ${name} with (force)`,
});

/** Debian keeps each major's programs off PATH; the newest first. */
function debianFolders(): string[] {
  const root = '/usr/lib/postgresql';
  try {
    const versions = readdirSync(root).toSorted((a, b) => Number(b) - Number(a));
    return versions.map((version) => join(root, version, 'bin'));
  } catch {
    return [];
  }
}
