// Points by name, in whatever way a module is found: packages, patterns, links, other loaders, TypeScript, Node itself.
// needs: agent
import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { folderOf } from './fixtures/files.js';
import { config, same } from './fixtures/named.js';
import { type Run, shape, treeOf } from './scenario.js';

const labels = (events: Run['events']): readonly unknown[] =>
  events.flatMap(({ name, info }) =>
    name === 'call-start' ? [(info['function'] as { readonly name: string }).name] : [],
  );

const packages = {
  'node_modules/dual/package.json': JSON.stringify({
    name: 'dual',
    version: '1.0.0',
    exports: {
      '.': { import: './index.mjs', require: './index.cjs' },
      './sub': './lib/sub.cjs',
      './lib/*': './lib/*',
    },
  }),
  'node_modules/dual/index.cjs': `exports.work = () => 'required'; exports.Client = class Client { charge() { return 1; } };`,
  'node_modules/dual/index.mjs': `export const work = () => 'imported'; export class Client { charge() { return 2; } }`,
  'node_modules/dual/lib/sub.cjs': `exports.sub = () => 'sub';`,
  'ostrace.config.json': config(
    { module: 'dual', export: 'work', point: 'call' },
    { module: 'dual', export: 'Client.charge', point: 'call' },
    { module: 'dual/sub', export: 'sub', point: 'call' },
  ),
  'app.cjs': `const { work, Client } = require('dual'); const { sub } = require('dual/sub'); console.log(work(), new Client().charge(), sub());`,
  'app.mjs': `import { work, Client } from 'dual'; import { sub } from 'dual/sub'; console.log(work(), new Client().charge(), sub());`,
};

for (const file of ['app.cjs', 'app.mjs']) {
  for (const load of ['import', 'require'] as const) {
    test(`a package with both builds, ${file}, --${load}`, async (t) => {
      const { events } = await same(t, folderOf(t, packages), file, { load });
      assert.deepEqual(labels(events), ['work', 'Client.charge', 'sub']);
    });
  }
}

test('files of a package by a pattern, and a package of a workspace, which is a link', async (t) => {
  const { 'node_modules/dual/package.json': _package, ...others } = packages;
  const cwd = folderOf(t, {
    ...others,
    'node_modules/dual/package.json': packages['node_modules/dual/package.json'],
    'workspace/package.json': '{ "name": "linked", "version": "1.0.0", "main": "main.js" }',
    'workspace/main.js': `exports.linked = () => 'linked';`,
    'workspace/lib/more.js': `exports.more = () => 'more';`,
    'ostrace.config.json': config(
      { module: 'dual/lib/*.cjs', export: '*', point: 'call' },
      { module: 'linked', export: '*', point: 'call' },
      { module: 'linked/lib/*.js', export: '*', point: 'call' },
    ),
    'app.cjs': `console.log(require('dual/sub').sub(), require('linked').linked(), require('linked/lib/more').more());`,
    'app.mjs': `
      import { sub } from 'dual/sub';
      import { linked } from 'linked';
      import { more } from 'linked/lib/more.js';
      console.log(sub(), linked(), more());`,
  });
  mkdirSync(join(cwd, 'node_modules'), { recursive: true });
  symlinkSync(join(cwd, 'workspace'), join(cwd, 'node_modules/linked'));
  for (const file of ['app.cjs', 'app.mjs']) {
    const { events } = await same(t, cwd, file);
    assert.deepEqual(labels(events), ['sub', 'linked', 'more'], file);
  }
});

test('patterns mean what they say, and nothing else is touched', async (t) => {
  const names = ['a/one', 'a/b/two', 'a/b/c/three', 'a/other', 'a/four.test'];
  const cwd = folderOf(t, {
    ...Object.fromEntries(names.map((name) => [`${name}.cjs`, `exports.f = () => '${name}';`])),
    'app.cjs': `for (const name of ${JSON.stringify(names)}) console.log(require('./' + name + '.cjs').f());`,
  });
  const matched = async (module: string): Promise<number> => {
    const env = { OSTRACE_POINTS: config({ module, export: '*', point: 'call' }) };
    return labels((await same(t, cwd, 'app.cjs', { env })).events).length;
  };
  assert.equal(await matched('./a/*.cjs'), 3);
  assert.equal(await matched('./a/**/*.cjs'), 5);
  assert.equal(await matched('./a/{one,other}.cjs'), 2);
  assert.equal(await matched('./**/t*.cjs'), 2);
  assert.equal(await matched('./a/?ne.cjs'), 1);
  assert.equal(await matched('./a/one.cjs'), 1);
});

/** Modules that import each other, and one that exports all of them. */
const cycle = {
  'lib/index.js': `export * from './one.js'; export * as two from './two.js';`,
  'lib/one.js': `
    import * as two from './two.js';
    export const early = () => 'early';
    export class One { call() { return two.use(); } }
    export const later = { of: () => two.use() };`,
  'lib/two.js': `import * as one from './one.js'; export function use() { return [one.early(), typeof one.One, typeof one.later.of]; }`,
  'lib/package.json': '{ "type": "module" }',
  'ostrace.config.json': config(
    { module: './{lib,src}/*.{js,ts}', export: '*', point: 'call' },
    { module: './{lib,src}/*.{js,ts}', export: 'One.prototype.*', point: 'call' },
  ),
  'app.mjs': `import { One, early, two } from './lib/index.js'; console.log(new One().call(), early(), two.use());`,
};
const ofCycle = ['One.call', 'use', 'early', 'early', 'use', 'early'];

test('modules that import each other, and that export all of another', async (t) => {
  const { events } = await same(t, folderOf(t, cycle), 'app.mjs');
  assert.deepEqual(labels(events), ofCycle);
  assert.equal(shape(treeOf(events)), 'process(call(call(call)) call call(call))');
});

// As tsx does: `./one.js` means `one.source`, which only this loader finds and can read.
const loader = `
  import { readFileSync } from 'node:fs';
  export const resolve = (specifier, context, next) =>
    next(context.parentURL?.includes('/src/') && /^(?:\\.|file:)/.test(specifier) ? specifier.replace('.js', '.ts') : specifier, context);
  export const load = (url, context, next) => url.includes('/src/')
    ? { format: 'module', shortCircuit: true, source: readFileSync(new URL(url), 'utf8').replaceAll(': Typed', '') }
    : next(url, context);`;
const registers = {
  'in a thread': `import { register } from 'node:module'; register('./loader.mjs', import.meta.url);`,
  'in this thread': `import * as module from 'node:module'; import { load, resolve } from './loader.mjs'; module.registerHooks({ load, resolve });`,
};
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
const hasSyncHooks = major >= 24 || (major === 22 && minor >= 23);

for (const [where, preload] of Object.entries(registers)) {
  const skip = where === 'in this thread' && !hasSyncHooks && 'this Node has no such hooks';
  test(
    `another loader that is registered after ours, ${where}, and finds what Node does not find`,
    { skip },
    async (t) => {
      const sources = ['index', 'one', 'two'].map((name) => {
        const text = cycle[`lib/${name}.js` as keyof typeof cycle].replace(
          'class One',
          'const typed: Typed = 0; export class One',
        );
        return [`src/${name}.ts`, text] as const;
      });
      const cwd = folderOf(t, {
        ...Object.fromEntries(sources),
        'loader.mjs': loader,
        'preload.mjs': preload,
        'ostrace.config.json': cycle['ostrace.config.json'],
        'app.mjs': cycle['app.mjs'].replace('lib/index.js', 'src/index.ts'),
      });
      const nodeArgs = ['--no-deprecation', '--import', './preload.mjs'];
      const { events } = await same(t, cwd, 'app.mjs', { nodeArgs });
      assert.deepEqual(labels(events), ofCycle);
    },
  );
}

test('a module that cannot be hooked is loaded as it is, which is said once', async (t) => {
  // `export *` of a module that this loader makes up, and does not find again by its URL.
  const cwd = folderOf(t, {
    'loader.mjs': `
      export const resolve = (specifier, context, next) => specifier === './made-up.js'
        ? { url: 'made-up:one', shortCircuit: true } : next(specifier, context);
      export const load = (url, context, next) => url === 'made-up:one'
        ? { format: 'module', shortCircuit: true, source: 'export const one = () => 1;' } : next(url, context);`,
    'preload.mjs': registers['in a thread'],
    'lib/index.js': `export * from './made-up.js'; export const two = () => 2;`,
    'lib/package.json': '{ "type": "module" }',
    'app.mjs': `import { one, two } from './lib/index.js'; process.on('warning', console.log); console.log(one(), two());`,
    'ostrace.config.json': config({ module: './lib/*.js', export: '*', point: 'call' }),
  });
  const nodeArgs = ['--no-deprecation', '--import', './preload.mjs'];
  const { stderr } = await same(t, cwd, 'app.mjs', { nodeArgs });
  const said = stderr.match(/lib\/index\.js cannot be hooked, so none of its functions makes points/g);
  assert.equal(said?.length, 1, stderr);
});

test(
  'TypeScript that Node runs itself',
  { skip: major < 24 && 'this Node runs no TypeScript' },
  async (t) => {
    const cwd = folderOf(t, {
      'repo.mts': `export class Repo { find(id: number): number { return id; } } export const list = (n: number): number[] => [n];`,
      'old.cts': `exports.old = (n: number): number => n;`,
      'app.mts': `import { Repo, list } from './repo.mts'; import { createRequire } from 'node:module';
      console.log(new Repo().find(1), list(2), createRequire(import.meta.url)('./old.cts').old(3));`,
      'ostrace.config.json': config(
        { module: './*.{mts,cts}', export: '*', point: 'call' },
        { module: './repo.mts', export: 'Repo.prototype.*', point: 'call' },
      ),
    });
    const { events } = await same(t, cwd, 'app.mts');
    assert.deepEqual(labels(events), ['Repo.find', 'list', 'old']);
  },
);

test('parts of Node', async (t) => {
  const cwd = folderOf(t, {
    'app.mjs': `
      import { basename } from 'node:path';
      import fs, { readFileSync } from 'fs';
      import { readFile } from 'node:fs/promises';
      console.log(basename('/a/b'), readFileSync('a.txt', 'utf8'), fs.existsSync('none'), await readFile('a.txt', 'utf8'));`,
    'a.txt': 'text',
    'ostrace.config.json': config(
      { module: 'node:path', export: 'basename', point: 'call', args: true },
      { module: 'fs', export: 'readFileSync', point: 'call', args: true },
      { module: 'fs/promises', export: 'readFile', point: 'call', args: true },
    ),
  });
  const { events } = await same(t, cwd, 'app.mjs');
  // Node calls them itself, to load the application.
  const own = events.flatMap(({ name, info }) => {
    const { args = '' } = (info['function'] ?? {}) as { readonly args?: string };
    return name === 'call-start' && /^\[ '(?:\/a\/b|a\.txt)'/.test(args) ? [args] : [];
  });
  assert.deepEqual(own, [`[ '/a/b' ]`, `[ 'a.txt', 'utf8' ]`, `[ 'a.txt', 'utf8' ]`]);
});
