// Packages that consist of ES modules: they are hooked where they are installed, and cost nothing where they are not.
// needs: agent postgresql
import assert from 'node:assert/strict';
import { copyFileSync, existsSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';

import { folderOf } from './fixtures/files.js';
import { agentFolder, key, on, preload, projectFolder, run, scenario, shape, treeOf } from './scenario.js';

const target = `
  exports.target = {
    package: '@shop/only-esm',
    esModules: ['@shop/only-esm/lib/client'],
    load: ({ database, returnedPromise }) => database({
      library: '@shop/only-esm',
      system: 'only',
      files: [{
        file: '@shop/only-esm/lib/client',
        class: ({ Client }) => Client,
        endpoint: ({ host }) => ({ name: 'shop', host, port: 1 }),
        methods: { query: { ends: [returnedPromise], rows: (result) => result.length } },
      }],
    }),
  };`;

const client = `
  export class Client {
    constructor(host) { this.host = host; }
    async query() { return [this.host, new Error().stack.includes('only-esm')]; }
  }
  export default class extends Client {}
  export let count = 0;
  export const more = () => ++count;`;

const use = `
  const { Client, default: Main, count, more } = all;
  const say = async () => console.log(
    await new Client('a').query(), await new Main('b').query(), Object.keys(all), Object.keys(all.again),
    Client.prototype.query.name, Client.prototype.query.length, String(Client), more(), all.again.more(),
  );`;

const files = {
  'target.cjs': target,
  'node_modules/@shop/only-esm/package.json': JSON.stringify({
    name: '@shop/only-esm',
    version: '1.2.3',
    type: 'module',
    exports: './lib/index.js',
  }),
  'node_modules/@shop/only-esm/lib/index.js': `export * from './client.js'; export { default } from './client.js'; export * as again from './client.js';`,
  'node_modules/@shop/only-esm/lib/client.js': client,
  'static.mjs': `import * as all from '@shop/only-esm'; ${use} await say();`,
  'dynamic.cjs': `import('@shop/only-esm').then((all) => { ${use} return say(); });`,
  'thread.cjs': `
    const { Worker } = require('node:worker_threads');
    new Worker('./dynamic.cjs').on('exit', (code) => console.log(code));`,
  'required.cjs': `const all = require('@shop/only-esm'); ${use} say();`,
};

const traced = { ...on, OSTRACE_PROFILE: key, OSTRACE_INSTRUMENTATIONS: './target.cjs' };

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
/** Whether Node's hooks run in the application's thread, and not in a thread of their own. */
const hasSyncHooks = major >= 24 || (major === 22 && minor >= 23);

const trees: Readonly<Record<string, string>> = {
  'static.mjs': 'process(db db)',
  'dynamic.cjs': 'process(db db)',
  'required.cjs': 'process(db db)',
  'thread.cjs': 'process(thread(thread_main(db db)))',
};

for (const [file, tree] of Object.entries(trees)) {
  for (const load of ['import', 'require'] as const) {
    const skip = file === 'required.cjs' && !hasSyncHooks && 'a loader thread sees no `require`';
    test(`${file}, --${load}: its calls are recorded, and it sees the same modules`, { skip }, async (t) => {
      const cwd = folderOf(t, files);
      const bare = await run(t, file, { load: 'none', cwd });
      const idle = await run(t, file, { load, cwd, env: { ...traced, OSTRACE_PROFILE: undefined } });
      const { stdout, stderr, code, events } = await run(t, file, { load, cwd, env: traced });
      assert.ok(bare.stdout !== '' && bare.code === 0, bare.stderr);
      assert.deepEqual([stdout, stderr, code], [bare.stdout, '', 0]);
      assert.deepEqual([idle.stdout, idle.stderr, idle.code], [bare.stdout, '', 0]);
      assert.equal(shape(treeOf(events)), tree);
    });
  }
}

for (const source of [
  "const fs = require('fs'); console.log(fs === require('node:fs'), typeof require('module').register)",
  "import('fs').then((fs) => console.log(typeof fs.readFileSync))",
]) {
  test(`code without a file has the parts of Node: ${source}`, async (t) => {
    const cwd = folderOf(t, files);
    const args = { cwd, nodeArgs: ['--eval', source] };
    const bare = await run(t, 'ignored', { load: 'none', ...args });
    const { stdout, stderr, code } = await run(t, 'ignored', { env: traced, ...args });
    assert.ok(bare.stdout !== '' && bare.code === 0, bare.stderr);
    assert.deepEqual([stdout, stderr, code], [bare.stdout, '', 0]);
  });
}

test('beside it, packages that are required, or imported as CommonJS, have their points', async (t) => {
  const cwd = folderOf(t, {
    ...files,
    'app.mjs': `
      import { createRequire } from 'node:module';
      import pg from 'pg';
      import { Client } from '@shop/only-esm';
      await new Client('a').query();
      for (const each of [pg, createRequire(import.meta.url)('pg')]) {
        const client = new each.Client();
        await client.connect();
        await client.query('SELECT 1');
        await client.end();
      }`,
  });
  symlinkSync(join(projectFolder, 'node_modules/pg'), join(cwd, 'node_modules/pg'));
  const { events, stderr } = await run(t, 'app.mjs', { cwd, env: traced });
  assert.deepEqual([shape(treeOf(events)), stderr], ['process(db db db db db)', '']);
});

interface Loaded {
  /** The files of the agent. */
  readonly loaded: readonly string[];
  /** The files of its dependencies. */
  readonly dependencies: readonly string[];
}

/** The files that a process has loaded whose main file lies in a folder. */
async function loadedIn(t: TestContext, cwd: string): Promise<Loaded> {
  copyFileSync(scenario('report-state.cjs'), join(cwd, 'report.cjs'));
  const env = { ...traced, OSTRACE_PROFILE: undefined };
  const { stdout } = await run(t, 'report.cjs', { cwd, env, load: 'require' });
  return JSON.parse(stdout) as Loaded;
}

test('where the package is not installed, nothing is loaded for it', async (t) => {
  const { loaded } = await loadedIn(t, folderOf(t, { 'target.cjs': target }));
  assert.ok(!loaded.includes('later/es-modules.js'), loaded.join());
});

test('where the package is installed and not imported, import-in-the-middle is not loaded', async (t) => {
  if (!hasSyncHooks) return t.skip('this Node has a loader thread, which needs it from the beginning');
  const { loaded, dependencies } = await loadedIn(t, folderOf(t, files));
  assert.ok(loaded.includes('later/es-modules.js'), loaded.join());
  // The file supports-sync-hooks.mjs tells whether this Node has hooks that can wait.
  assert.deepEqual(
    dependencies.filter((file) => !file.endsWith('supports-sync-hooks.mjs')),
    [],
  );
});

const other = `
  import { register } from 'import-in-the-middle/register-hooks.mjs';
  import { Hook } from 'import-in-the-middle';
  register();
  new Hook(['@shop/only-esm'], () => console.log('the other agent sees it'));`;

const agent = ['--import', preload];
const orders = { first: [...agent, '--import', './other.mjs'], last: ['--import', './other.mjs', ...agent] };
for (const [order, nodeArgs] of Object.entries(orders)) {
  test(
    `another agent that shares import-in-the-middle, ours ${order}: both see the package`,
    {
      skip: !hasSyncHooks && 'this Node has a loader thread for each',
    },
    async (t) => {
      const cwd = folderOf(t, { ...files, 'other.mjs': other });
      // Where ours finds its copy.
      const shared = [join(agentFolder, 'node_modules'), join(agentFolder, '..')];
      const found = shared.find((folder) => existsSync(join(folder, 'import-in-the-middle')))!;
      symlinkSync(join(found, 'import-in-the-middle'), join(cwd, 'node_modules/import-in-the-middle'));
      const { stdout, stderr, events } = await run(t, 'static.mjs', {
        load: 'none',
        nodeArgs,
        cwd,
        env: traced,
      });
      assert.match(stdout, /the other agent sees it/);
      assert.deepEqual([shape(treeOf(events)), stderr], ['process(db db)', '']);
    },
  );
}

const wrong = {
  'a text': [`'@shop/only-esm/lib/client'`, /the esModules of @shop\/only-esm are not a list of files/],
  'a file of another package': [
    `['shop/lib/client']`,
    /the esModules of @shop\/only-esm are not a list of files/,
  ],
} as const;

for (const [what, [value, says]] of Object.entries(wrong)) {
  test(`esModules as ${what} is a problem that is said once, and the application starts`, async (t) => {
    const text = target.replace(`['@shop/only-esm/lib/client']`, value);
    const cwd = folderOf(t, { ...files, 'target.cjs': text });
    const { code, stderr } = await run(t, 'static.mjs', { cwd, env: traced });
    assert.equal(code, 0);
    assert.match(stderr, says);
    assert.equal(stderr.trim().split('\n').length, 1);
  });
}
