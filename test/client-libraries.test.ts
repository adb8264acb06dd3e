import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { projectFolder, scratch } from './scenario.js';

const needed = {
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

test('an application may have any version of a client library, and none', () => {
  const { peerDependencies, peerDependenciesMeta } = JSON.parse(
    readFileSync(join(projectFolder, 'package.json'), 'utf8'),
  ) as Record<string, Record<string, unknown>>;
  const names = Object.keys(peerDependencies!);
  assert.ok(names.length > 0);
  // npm refuses to install a package beside a version that one of its optional peers excludes.
  assert.deepEqual(peerDependencies, Object.fromEntries(names.map((name) => [name, '*'])));
  assert.deepEqual(peerDependenciesMeta, Object.fromEntries(names.map((name) => [name, { optional: true }])));
});
