// Versions that are not supported: the application runs as without the agent, and what became of each package
// is told to who asks.
// needs: agent packages postgresql mariadb
import assert from 'node:assert/strict';
import { cpSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';

import { versions } from '../instrumentations/targets.js';
import { key, on, projectFolder, run, scratch } from './scenario.js';
import { sameAs, writeApp } from './versions/app.js';
import { installed, lockedVersion } from './versions/installed.js';

const newest = (...names: readonly string[]): string =>
  installed(...names.map((name) => `${name}@${lockedVersion(name)}`));
const pgFamily = () => newest('pg', 'pg-pool', 'pg-cursor', 'pg-query-stream');

/** The newest versions under numbers that are still to come, as far as these are named. */
function pretending(t: TestContext, modules: string, numbers: Readonly<Record<string, string>>): string {
  const folder = join(scratch(t), 'copy');
  cpSync(modules, folder, { recursive: true });
  for (const [name, version] of Object.entries(numbers)) {
    const file = join(folder, 'node_modules', name, 'package.json');
    writeFileSync(file, readFileSync(file, 'utf8').replace(/"version": *"[^"]+"/, `"version": "${version}"`));
  }
  return folder;
}

const pgImports = { pg: 'pg', Cursor: 'pg-cursor', QueryStream: 'pg-query-stream' };
const mysqlImports = { mysql: 'mysql2', promises: 'mysql2/promise.js' };
const outside = [
  {
    // It never connects on these Nodes, with the agent or without.
    what: 'pg 7.18.2',
    modules: () => installed('pg@7.18.2', 'pg-cursor@2.0.0', 'pg-query-stream@3.0.0'),
    body: 'pg.cjs',
    imports: pgImports,
  },
  {
    what: 'a pg of the next major',
    modules: (t: TestContext) => pretending(t, pgFamily(), { pg: '9.0.0', 'pg-pool': '4.0.0' }),
    body: 'pg.cjs',
    imports: pgImports,
  },
  {
    what: 'mysql2 1.7.0',
    modules: () => installed('mysql2@1.7.0'),
    body: 'mysql2.cjs',
    imports: mysqlImports,
  },
  {
    what: 'a mysql2 of the next major',
    modules: (t: TestContext) => pretending(t, newest('mysql2'), { mysql2: '4.0.0-beta.1' }),
    body: 'mysql2.cjs',
    imports: mysqlImports,
  },
];

for (const { what, modules, body, imports } of outside) {
  for (const kind of ['cjs', 'mjs'] as const) {
    test(`${what}, ${kind}: is left alone`, async (t) => {
      const app = writeApp(t, modules(t), kind, body, imports);
      const bare = await run(t, app, { load: 'none' });
      const env = { ...on, OSTRACE_PROFILE: key, OSTRACE_TRACE_SQL: 'true' };
      const traced = await run(t, app, { env });
      sameAs(bare, traced);
      const points = traced.events.map(({ name }) => name).filter((name) => /^(?:db|sql)-/.test(name));
      assert.deepEqual(points, []);
    });
  }
}

type Told = readonly [what: string, name: string, version: string, more: unknown];

/** What the hooks tell of the packages that an app in a folder requires. */
async function tell(t: TestContext, modules: string, ...names: readonly string[]): Promise<readonly Told[]> {
  const code = `
    const [agent, ...names] = process.argv.slice(1);
    const { hookModules } = require(agent + '/dist/src/hooks/loading/modules.js');
    const { packageTargets } = require(agent + '/dist/instrumentations/targets.js');
    const told = [];
    const tell = (what) => (...more) => told.push([what, ...more]);
    const reports = { onHooked: tell('hooked'), onSkipped: tell('skipped') };
    hookModules(packageTargets, {}, reports);
    const app = require('node:module').createRequire(process.cwd() + '/app.js');
    for (const name of names) app(name);
    console.log(JSON.stringify(told));
  `;
  const { stdout } = await run(t, '-e', {
    load: 'none',
    cwd: modules,
    args: [code, projectFolder, ...names],
  });
  return JSON.parse(stdout) as Told[];
}

test('each package that is hooked is told, with its version and the files', async (t) => {
  const folder = realpathSync(installed(`mysql2@3.11.4`));
  const path = (file: string): string => join(folder, 'node_modules/mysql2', file);
  assert.deepEqual(await tell(t, folder, 'mysql2', 'mysql2/promise.js'), [
    ['hooked', 'mysql2', '3.11.4', path('lib/connection')],
    ['hooked', 'mysql2', '3.11.4', path('lib/pool')],
  ]);
  const family = realpathSync(pgFamily());
  assert.deepEqual(await tell(t, family, 'pg', 'pg-cursor'), [
    ['hooked', 'pg', lockedVersion('pg'), join(family, 'node_modules/pg/lib/client')],
    ['hooked', 'pg-pool', lockedVersion('pg-pool'), join(family, 'node_modules/pg-pool/index')],
  ]);
});

test('a package that is left alone is told once, with its version and what is supported', async (t) => {
  const folder = realpathSync(installed('mysql2@1.7.0'));
  assert.deepEqual(await tell(t, folder, 'mysql2', 'mysql2/promise.js'), [
    ['skipped', 'mysql2', '1.7.0', versions['mysql2']],
  ]);
  const later = realpathSync(pretending(t, pgFamily(), { pg: '9.0.0-alpha.1', 'pg-pool': '' }));
  assert.deepEqual(await tell(t, later, 'pg'), [
    ['skipped', 'pg', '9.0.0-alpha.1', versions['pg']],
    ['skipped', 'pg-pool', '', versions['pg-pool']],
  ]);
});
