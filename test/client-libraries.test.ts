import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { projectFolder, scratch } from './scenario.js';

const needed = {
  redis: '@redis/client',
  rediss: '@redis/client',
  redissentinel: '@redis/client',
  postgresql: 'pg',
  'postgresql+psycopg2': 'pg',
  mysql: 'mysql2',
  'mysql+pymysql': 'mysql2',
};

test('without the client library of a store, one line says which package to install', (t) => {
  // Where no package can be found.
  const folder = scratch(t);
  cpSync(join(projectFolder, 'dist/src'), join(folder, 'dist/src'), { recursive: true });
  cpSync(join(projectFolder, 'package.json'), join(folder, 'package.json'));
  for (const [scheme, name] of Object.entries(needed)) {
    const main = join(folder, 'dist/src/cli/main.js');
    const store = `${scheme}://user:secret@127.0.0.1/1`;
    const args = [main, 'trace', 'list', '--connection-string', store];
    const env = { PATH: process.env['PATH'] };
    const { stdout, stderr, status } = spawnSync(process.execPath, args, {
      cwd: folder,
      env,
      encoding: 'utf8',
    });
    assert.equal(stdout, '');
    assert.match(
      stderr,
      new RegExp(`^ostrace: \\S+ needs the package ${name}, which is not installed; npm install ${name}\n$`),
    );
    assert.doesNotMatch(stderr, /secret/);
    assert.equal(status, 1);
  }
});
