// Points by name: exports that are getters, frozen, functions, loaded late or loaded again.
// needs: agent
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { folderOf } from './fixtures/files.js';
import { infoOf, runSmall, small } from './fixtures/named.js';
import { run, shape, treeOf } from './scenario.js';

test('a module that is loaded again has its functions counted once, and they are points again', async (t) => {
  const app = `
    for (let i = 0; i < 50; i++) {
      delete require.cache[require.resolve('./lib.cjs')];
      const { one, makeTwo } = require('./lib.cjs');
      one();
      makeTwo().two();
    }`;
  const lib = 'exports.one = () => 1; exports.makeTwo = () => ({ two: () => 2 });';
  const points = ['one', 'makeTwo().two'].map((name) => ({
    module: './lib.cjs',
    export: name,
    point: 'call',
  }));
  const { events, stderr } = await runSmall(t, small(lib, app, {}, { points, limits: { functions: 2 } }));
  assert.equal(events.filter(({ name }) => name === 'call-start').length, 100);
  assert.match(stderr, /: 2 functions make points: one, makeTwo\(\)\.two\n$/);
});

test('exports behind getters that cannot be replaced, as bundlers write them, and a module that is a function', async (t) => {
  const getters = `
    const all = { one: () => 1, Two: class { two() { return 2; } }, get three() { return later; } };
    let later = () => 3;
    for (const name in all) Object.defineProperty(exports, name, { get: () => all[name], enumerable: true });
    Object.defineProperty(exports, '__esModule', { value: true });`;
  const app = `
    const lib = require('./lib.cjs');
    console.log(lib.one(), new lib.Two().two(), lib.three(), Object.keys(lib), lib.__esModule, lib === require('./lib.cjs'));
    import('./lib.cjs').then(({ default: all }) => console.log(all.one(), all.one === lib.one, all === lib));`;
  const bare = await run(t, 'app.cjs', { load: 'none', cwd: folderOf(t, small(getters, app)) });
  const { events, stdout } = await runSmall(t, small(getters, app));
  assert.equal(stdout, bare.stdout);
  assert.equal(shape(treeOf(events)), 'process(call call call)');

  const whole = `module.exports = function work() { return 1; }; module.exports.more = () => 2;`;
  const use = `const work = require('./lib.cjs'); console.log(work(), work.more(), work.name, new work() instanceof work);
    import('./lib.cjs').then(({ default: same }) => console.log(same === work, same()));`;
  const called = await runSmall(t, small(whole, use));
  assert.equal(called.stdout, '1 2 work true\ntrue 1\n');
  assert.deepEqual(infoOf(called.events, 'call-start'), [
    { name: 'work' },
    { name: 'more' },
    { name: 'work' },
  ]);
});

test('a getter that is named exactly stays unread, and is a point when it is read', async (t) => {
  const lib = `const load = (name, value) => { console.log('loads', name); return value; };
     Object.defineProperty(exports, 'heavy', { enumerable: true, get: () => load('heavy', () => 1) });
     Object.defineProperty(exports, 'other', { enumerable: true, configurable: true, get: () => load('other', () => 2) });
     exports.plain = () => 3;`;
  const points = ['heavy', 'other', '*'].map((name) => ({
    module: './lib.cjs',
    export: name,
    point: 'call',
  }));
  const app = `const lib = require('./lib.cjs'); console.log(lib.plain()); console.log(lib.other());`;
  const { stdout, events } = await runSmall(t, small(lib, app, {}, { points }));
  assert.equal(stdout, '3\nloads other\n2\n');
  assert.deepEqual(infoOf(events, 'call-start'), [{ name: 'plain' }, { name: 'other' }]);
});

test('frozen exports and frozen objects stay as they are; what can be wrapped, is', async (t) => {
  const files = small(
    'class Client { get() { return 1; } } module.exports = Object.freeze({ work: () => 1, Client, fixed: Object.freeze({ get: () => 2 }) });',
    `const lib = require('./lib.cjs');
     console.log(lib.work(), new lib.Client().get(), lib.fixed.get(), Object.keys(lib));`,
    {},
    {
      points: ['*', 'Client.prototype.get', 'fixed.*'].map((name) => ({
        module: './lib.cjs',
        export: name,
        point: 'call',
      })),
    },
  );
  const { stdout, stderr, events } = await runSmall(t, files);
  assert.equal(stdout, `1 1 2 [ 'work', 'Client', 'fixed' ]\n`);
  assert.deepEqual(infoOf(events, 'call-start'), [{ name: 'work' }, { name: 'Client.get' }]);
  assert.match(stderr, /left alone: .*fixed\.get \(read-only\)/);
});

test('what reflect-metadata keeps of a method is found on the method that stands in its place', async (t) => {
  // As Nest's decorators do, when the class is made.
  const files = small(
    `const kept = new WeakMap();
     Reflect.defineMetadata = (key, value, target) => kept.set(target, { ...kept.get(target), [key]: value });
     Reflect.getOwnMetadataKeys = (target) => Object.keys(kept.get(target) ?? {});
     Reflect.getOwnMetadata = (key, target) => kept.get(target)?.[key];
     class Cats { all() { return []; } }
     Reflect.defineMetadata('path', '/cats', Cats.prototype.all);
     exports.Cats = Cats;`,
    `const { Cats } = require('./lib.cjs'); console.log(Reflect.getOwnMetadata('path', Cats.prototype.all), new Cats().all());`,
    { export: 'Cats.prototype.*' },
  );
  const { stdout, events } = await runSmall(t, files);
  assert.equal(stdout, '/cats []\n');
  assert.equal(shape(treeOf(events)), 'process(call)');
});
