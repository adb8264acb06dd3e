// Where the client libraries of the stores are looked for, and what is said where one is missing.
// needs: time
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { key, on, projectFolder, scratch } from './scenario.js';

const needed = {
  postgresql: 'pg',
  'postgresql+psycopg2': 'pg',
  mysql: 'mysql2',
  'mysql+pymysql': 'mysql2',
};

test('without the client library of a store, one line says which package to install', (t) => {
  // Where no package can be found.
  const folder = scratch(t);
  for (const name of ['dist/src', 'dist/instrumentations', 'package.json']) {
    cpSync(join(projectFolder, name), join(folder, name), { recursive: true });
  }
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
      new RegExp(
        `^ostrace: \\S+ needs the package ${name}, which is not installed beside ostrace; npm install ${name}\n$`,
      ),
    );
    assert.doesNotMatch(stderr, /secret/);
    assert.equal(status, 1);
  }
});

const libraries = { pg: 'postgresql', mysql2: 'mysql', mongodb: 'mongodb', amqplib: 'rabbit' };

/** Packages of these names in a folder, each of which leaves a file where it is loaded. */
function plant(folder: string): (name: string) => boolean {
  for (const name of Object.keys(libraries)) {
    const place = join(folder, 'node_modules', name);
    mkdirSync(place, { recursive: true });
    writeFileSync(
      join(place, 'index.js'),
      `require('node:fs').writeFileSync(require('node:path').join(__dirname, 'loaded'), '');`,
    );
    cpSync(join(place, 'index.js'), join(place, 'promise.js'));
  }
  return (name) => existsSync(join(folder, 'node_modules', name, 'loaded'));
}

test('no client library is taken from the working directory, and one from beside the application is', (t) => {
  // The agent where no package can be found.
  const agent = join(scratch(t), 'agent');
  cpSync(join(projectFolder, 'dist'), join(agent, 'dist'), { recursive: true });
  cpSync(join(projectFolder, 'package.json'), join(agent, 'package.json'));
  const cwd = scratch(t);
  const isLoadedHere = plant(cwd);
  const app = scratch(t);
  const isLoadedThere = plant(app);
  const file = join(app, 'app.js');
  writeFileSync(file, `require('node:child_process').execFileSync('true');`);
  const link = join(cwd, 'link.js');
  symlinkSync(file, link);
  const elsewhere = join(scratch(t), 'app.js');
  cpSync(file, elsewhere);
  const node = (args: readonly string[], env: Readonly<Record<string, string>>): string => {
    const all = {
      PATH: process.env['PATH'],
      OSTRACE_SPOOL: scratch(t),
      OSTRACE_EXIT_TIMEOUT: '5000',
      ...env,
    };
    return spawnSync(process.execPath, args, { cwd, env: all, encoding: 'utf8' }).stderr;
  };
  for (const [name, scheme] of Object.entries(libraries)) {
    const store = `${scheme}://user:secret@127.0.0.1:1/1`;
    const main = join(agent, 'dist/src/cli/main.js');
    for (const command of [['trace', 'list'], ['trace', 'show', '0'.repeat(8)], ['flush'], ['doctor']]) {
      node([main, ...command], { ...on, OSTRACE_CONNECTION_STRING: store });
      assert.equal(isLoadedHere(name), false, `${name}: ${command.join(' ')}`);
    }
    const profiled = { ...on, OSTRACE_PROFILE: key, OSTRACE_CONNECTION_STRING: store };
    const preload = ['--require', join(agent, 'dist/register.js')];
    const code = `require('node:child_process').execFileSync('true');`;
    for (const args of [
      [elsewhere],
      ['-e', code],
      ['-e', code, link],
      ['--print', code, join(cwd, 'x.js')],
    ]) {
      node([...preload, ...args], profiled);
      assert.equal(isLoadedHere(name), false, `${name}: ${args.join(' ')}`);
      assert.equal(isLoadedThere(name), false, `${name}: ${args.join(' ')}`);
    }
    node([...preload, link], profiled);
    assert.deepEqual([isLoadedHere(name), isLoadedThere(name)], [false, true], `${name}: by a link`);
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
