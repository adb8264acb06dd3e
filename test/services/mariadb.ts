import { join } from 'node:path';

import { createConnection } from 'mysql2/promise';

import { findPrograms } from './scratch.js';
import { sqlServer } from './sql.js';

export const mariadb = sqlServer({
  name: 'MariaDB',
  prefix: 'MYSQL_',
  usualPort: 3306,
  users: ['root'],
  debianPackage: 'mariadb-server',
  accounts: ['mysql', 'nobody'],

  connect: (address) => createConnection({ ...address, connectTimeout: 5000 }),

  programs() {
    const server = findPrograms(['mariadbd']) ?? findPrograms(['mysqld']);
    const installer = findPrograms(['mariadb-install-db']) ?? findPrograms(['mysql_install_db']);
    return server && installer && [...server, ...installer];
  },

  async start(scratch, [mariadbd = '', installDb = ''], isUp) {
    const data = join(scratch.folder, 'data');
    await scratch.run(installDb, [
      '--no-defaults',
      `--datadir=${data}`,
      '--auth-root-authentication-method=normal',
      '--skip-test-db',
    ]);
    const args = [
      '--no-defaults',
      `--datadir=${data}`,
      '--bind-address=127.0.0.1',
      `--port=${scratch.port}`,
      // Relative to the data, because a socket's whole path has a limit of 107 bytes.
      '--socket=socket',
      '--innodb-flush-log-at-trx-commit=0',
    ];
    await scratch.start(mariadbd, args, 'SIGTERM', isUp);
  },

  dropDatabase: (name) => `drop database ${name}`,
});
