// As a stranger would: the packed tarball, installed into an empty folder by npm.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { install, pack } from './packed-agent.js';
import { projectFolder } from './scenario.js';

const folder = mkdtempSync(join(tmpdir(), 'ostrace-package-'));
const empty = join(folder, 'empty');
const app = join(folder, 'app');

const imports = {
  'app.cjs': `
    const http = require('node:http');
    const { execFile } = require('node:child_process');
    const { Worker } = require('node:worker_threads');
    const { Pool } = require('pg');
    const { profiler } = require('ostrace');`,
  'app.mjs': `
    import http from 'node:http';
    import { execFile } from 'node:child_process';
    import { Worker } from 'node:worker_threads';
    import pg from 'pg';
    import { profiler } from 'ostrace';
    const { Pool } = pg;`,
};
const body = `
  const pool = new Pool();
  const server = http.createServer(async (request, response) => {
    await pool.query('SELECT 1 AS n');
    await new Promise((resolve) => execFile('true', resolve));
    await new Promise((resolve) => new Worker('0', { eval: true }).on('exit', resolve));
    profiler.trace('task', () => {});
    response.end('done');
  });
  server.listen(0, '127.0.0.1', () => {
    process.chdir('/');
    const cli = spawnCli(server.address().port);
    cli.on('exit', async () => { server.close(); await pool.end(); });
  });
`;

before(() => {
  mkdirSync(empty);
  mkdirSync(app);
  const tarball = pack(folder);
  const { devDependencies } = JSON.parse(readFileSync(join(projectFolder, 'package.json'), 'utf8')) as {
    devDependencies: { pg: string };
  };
  install(empty, tarball);
  install(app, tarball, `pg@${devDependencies.pg}`);
});

after(() => rmSync(folder, { recursive: true, force: true }));

function ostrace(args: readonly string[], cwd: string): ReturnType<typeof spawnSync> {
  const env = { ...process.env, OSTRACE_PROFILE: 'key', NODE_OPTIONS: '' };
  return spawnSync(process.execPath, [join(cwd, 'node_modules/.bin/ostrace'), ...args], {
    cwd,
    env,
    encoding: 'utf8',
  });
}

for (const [name, head] of Object.entries(imports)) {
  for (const load of ['--import', '--require']) {
    test(`${load} ostrace/register ${name}: \`ostrace request --show\` shows the tree`, () => {
      const cli = JSON.stringify(join(app, 'node_modules/.bin/ostrace'));
      // Outside of the trace and without the agent: what a person types into another terminal.
      const spawnCli = `function spawnCli(port) {
        const env = { ...process.env, OSTRACE_ENABLED: 'false', OSTRACE_PROFILE: 'key' };
        const args = [${cli}, 'request', '--show', 'http://127.0.0.1:' + port + '/x'];
        return execFile(process.execPath, args, { env, cwd: ${JSON.stringify(app)} }, (error, out, err) => console.log(out + err));
      }`;
      writeFileSync(join(app, name), `${head}\n${spawnCli}\n${body}`);
      const { stdout, stderr, status } = spawnSync(process.execPath, [load, 'ostrace/register', name], {
        cwd: app,
        env: { ...process.env, OSTRACE_ENABLED: 'true', OSTRACE_HMAC_KEYS: 'key' },
        encoding: 'utf8',
        timeout: 60_000,
      });
      assert.equal(stderr, '');
      assert.equal(status, 0);
      for (const part of [/^done/, /HTTP in/, /db/, /command/, /thread/, /task/, /trace [0-9a-f-]{36}/]) {
        assert.match(stdout, part);
      }
      const [, id] = /trace ([0-9a-f-]{36})/.exec(stdout)!;
      const shown = ostrace(['trace', 'show', '--json', id!], app);
      const report = JSON.parse(String(shown.stdout)) as { stats: Record<string, { count: number }> };
      const counts = Object.fromEntries(
        Object.entries(report.stats).map(([point, { count }]) => [point, count]),
      );
      assert.deepEqual(counts, { wsgi: 1, db: 1, command: 1, thread: 1, thread_main: 1, task: 1 });
    });
  }
}

test('the package is small, and brings no others', () => {
  const modules = join(empty, 'node_modules');
  const installed = readdirSync(modules).filter((name) => !name.startsWith('.'));
  assert.deepEqual(installed, ['ostrace']);
  const bytes = readdirSync(modules, { recursive: true, encoding: 'utf8' })
    .map((name) => statSync(join(modules, name)))
    .reduce((sum, entry) => sum + (entry.isFile() ? entry.size : 0), 0);
  assert.ok(bytes < 1_500_000, `${bytes} bytes`);
});

test('no declaration needs the types of a package that is not installed with this one', () => {
  const shipped = join(empty, 'node_modules/ostrace');
  const declarations = readdirSync(shipped, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.d.ts'),
  );
  assert.ok(declarations.length > 10);
  for (const file of declarations) {
    const text = readFileSync(join(shipped, file), 'utf8');
    const named = [...text.matchAll(/(?:from|import\(|require\(|types=) ?['"]([^'"]+)['"]/g)].map(
      ([, name]) => name!,
    );
    const foreign = named.filter((name) => !/^(?:\.|node:|node$)/.test(name));
    assert.deepEqual(foreign, [], file);
  }
});

test('the command says its version and helps', () => {
  const { version } = JSON.parse(readFileSync(join(projectFolder, 'package.json'), 'utf8')) as {
    version: string;
  };
  assert.equal(ostrace(['--version'], empty).stdout, `${version}\n`);
  assert.match(String(ostrace(['--help'], empty).stdout), /Usage: ostrace[^]*request[^]*trace/);
});
