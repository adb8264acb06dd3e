// Points by name: what an application can see of functions, classes and exports that are named is what it was.
// needs: agent
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';

import { folderOf } from './fixtures/files.js';
import { config, same } from './fixtures/named.js';
import { type Run, on } from './scenario.js';

type Files = Readonly<Record<string, string>>;

/** Runs an application without the agent, idle and traced: it has to see the same. */
async function unchanged(
  t: TestContext,
  files: Files,
  points: readonly object[],
  main = 'app.cjs',
): Promise<Run> {
  const entries = points.map((each) => ({ point: 'call', ...each }));
  const cwd = folderOf(t, { ...files, 'ostrace.config.json': config(...entries) });
  await same(t, cwd, main, { env: { ...on, OSTRACE_PROFILE: undefined } });
  return same(t, cwd, main);
}

const all = { module: './lib.*', export: '*' };
const count = (events: Run['events']): number => events.filter(({ name }) => name === 'call-start').length;

test('a function and its module share its properties, also those that come later', async (t) => {
  const lib = `
    function format(text) { format.calls = (format.calls ?? 0) + 1; return format.defaults.upper ? text.toUpperCase() : text; }
    format.defaults = { upper: false };
    format.extend = (plugin) => plugin(format);`;
  const app = `
    format.extend((it) => (it.utc = () => 'utc'));
    console.log(format.utc(), format('a'), format.calls);
    format.defaults = { upper: true };
    console.log(format('b'), format.calls, Object.keys(format), delete format.utc, 'utc' in format, format.name, format.length);
    console.log(Object.getOwnPropertyNames(format).toSorted(), new format('x') instanceof format);`;
  const required = { 'lib.cjs': `${lib} exports.format = format;` };
  const { events } = await unchanged(
    t,
    { ...required, 'app.cjs': `const { format } = require('./lib.cjs'); ${app}` },
    [all],
  );
  assert.equal(count(events), 2);
  const imported = { 'lib.mjs': `${lib} export { format };` };
  await unchanged(
    t,
    { ...imported, 'app.mjs': `import { format } from './lib.mjs'; ${app}` },
    [all],
    'app.mjs',
  );
});

test('a function that is frozen, and one that another agent’s shimmer has marked, are as they were', async (t) => {
  const lib = `
    exports.fixed = Object.freeze(Object.assign(() => 1, { note: 'n' }));
    exports.marked = Object.assign(() => 2, { __original: 0, __unwrap: 'theirs' });
    exports.plain = () => 3;`;
  const app = `
    const { fixed, marked, plain } = require('./lib.cjs');
    console.log(fixed(), Object.isFrozen(fixed), fixed.note, marked(), marked.__unwrap, plain(), Reflect.ownKeys(plain));`;
  const { events } = await unchanged(t, { 'lib.cjs': lib, 'app.cjs': app }, [all]);
  assert.equal(count(events), 3);
});

test('getters of exports are not called, and those that throw harm nothing', async (t) => {
  const lib = `
    module.exports = {
      get gone() { throw new Error('gone'); },
      get heavy() { console.log('loads heavy'); return () => 2; },
      set both(value) {}, get both() { console.log('loads both'); },
      work: () => 1,
    };`;
  const files = { 'lib.cjs': lib, 'app.cjs': `console.log(require('./lib.cjs').work());` };
  const { events, stderr } = await unchanged(t, files, [all]);
  assert.equal(count(events), 1);
  assert.match(stderr, /left alone: gone \(a getter\), heavy \(a getter\), both \(a getter\)\n/);
  const importing = { 'lib.cjs': lib, 'app.mjs': `import lib from './lib.cjs'; console.log(lib.work());` };
  await unchanged(t, importing, [all], 'app.mjs');
  const proxy = `module.exports = { later: new Proxy(() => 1, { get() { throw new Error('no'); } }), work: () => 1 };`;
  const odd = { ...files, 'lib.cjs': proxy };
  assert.equal(count((await unchanged(t, odd, [all])).events), 1);
});

/** As esbuild and TypeScript make them for ES2020: the value of a private static member is that of one object. */
const compiled = `
  const counts = new WeakMap();
  const of = (owner) => { if (!counts.has(owner)) throw new TypeError('Cannot read from private field'); return counts.get(owner); };`;

test('static members of a named class have the class as their own', async (t) => {
  const lib = `${compiled}
    class Base { static inherited() { return of(this); } }
    class Client extends Base {
      static create() { of(this).n++; return new this(); }
      static self() { return this; }
      static get count() { return of(this).n; }
      static set count(n) { of(this).n = n; }
      static Other = class Other {};
    }
    counts.set(Client, { n: 0 });
    Client.own = Client;
    Object.defineProperty(Client, 'fixed', { value() { return 'fixed'; } });
    Object.assign(exports, { Client, Client2: Client });`;
  const app = `
    const { Client } = require('./lib.cjs');
    console.log(Client.create() instanceof Client, Client.count, (Client.count = 5), Client.inherited(), Client.fixed());
    console.log(Client.create === Client.create, Client.self() === Client, Client.own === Client, new Client.Other().constructor === Client.Other);
    class More extends Client { static self() { return super.self(); } }
    console.log(More.self() === More, More.create.call(Client) instanceof Client, new More() instanceof Client);
    console.log(Object.getOwnPropertyNames(Client), Client.call === Function.prototype.call, Client.name);
    new Client();`;
  const { stderr } = await unchanged(t, { 'lib.cjs': lib, 'app.cjs': app }, [
    all,
    { ...all, export: 'Client' },
  ]);
  assert.match(stderr, /1 function makes points: Client\n/);
  assert.match(stderr, /left alone: Client2 \(a class; name its methods, as in Client2\.prototype\.\*\)\n/);
});

test('a class whose static members would find another, is left alone', async (t) => {
  const lib = `${compiled}
    function Old() {}
    Old.prototype.get = function () { return 1; };
    Old.create = function () { of(this).n++; return new Old(); };
    counts.set(Old, { n: 0 });
    class Fixed { static create() { return of(this); } }
    counts.set(Fixed, 'fixed');
    Object.assign(exports, { Old, Fixed: Object.freeze(Fixed) });`;
  const app = `const { Old, Fixed } = require('./lib.cjs'); console.log(Old.create().get(), Fixed.create());`;
  const points = ['Old', 'Fixed'].map((name) => ({ ...all, export: name }));
  const { stderr } = await unchanged(t, { 'lib.cjs': lib, 'app.cjs': app }, points);
  assert.match(stderr, /0 functions make points\n/);
  assert.match(stderr, /left alone: Old \(its static functions .*\), Fixed \(a class that is frozen\)\n/);
});

for (const how of ['freeze', 'seal', 'preventExtensions']) {
  test(`exports stay closed: ${how}`, async (t) => {
    const lib = `module.exports = Object.${how}({ work: () => 1, n: 1, [Symbol.for('s')]: 2 });`;
    const app = `
      const lib = require('./lib.cjs');
      try { 'use strict'; lib.more = 1; lib.n = 2; } catch {}
      console.log(Object.isFrozen(lib), Object.isSealed(lib), Object.isExtensible(lib), lib.work(), Reflect.ownKeys(lib), lib.n);
      import('./lib.cjs').then(({ default: same }) => console.log(same === lib));`;
    const { events } = await unchanged(t, { 'lib.cjs': lib, 'app.cjs': app }, [all]);
    assert.equal(count(events), 1);
  });
}

test('methods of Node’s own classes are left alone, and those of an application’s stream are not', async (t) => {
  const files = {
    'lib.cjs': `
      class Own extends require('node:stream').PassThrough { mine() { return 1; } }
      exports.file = () => require('node:fs').createReadStream(__filename);
      exports.own = () => new Own();`,
    'app.cjs': `
      const { file, own } = require('./lib.cjs');
      const end = (stream) => stream.resume().on('close', () => console.log('closed'));
      end(file());
      end(require('node:fs').createReadStream(__filename));
      console.log(own().mine());`,
  };
  const points = [
    { module: 'node:fs', export: 'createReadStream().*' },
    ...['file().*', 'own().*'].map((name) => ({ ...all, export: name })),
  ];
  const { stderr } = await unchanged(t, files, points);
  assert.match(stderr, /1 function makes points: own\(\)\.mine\n/);
  assert.match(
    stderr,
    /left alone: (?=.*createReadStream\(\)\.\* \(Node\.js compares)(?=.*file\(\)\.\* \(Node\.js compares)/,
  );
});

test('the report says what can be done, and counts what is there', async (t) => {
  const lib = `
    class Client { static get() { return 1; } }
    Object.assign(Client, { __original: () => 1, __unwrap: () => 1 });
    const fixed = Object.freeze({ one: () => 1, two: () => 2 });
    Object.assign(exports, { Client, fixed, work: () => 3 });
    exports.default = class {};`;
  const app = `const { Client, fixed, work } = require('./lib.cjs'); console.log(new Client() instanceof Client, Client.get(), fixed.one(), work());`;
  const cwd = folderOf(t, {
    'lib.cjs': lib,
    'app.cjs': app,
    'ostrace.config.json': JSON.stringify({
      limits: { functions: 3 },
      points: ['fixed.*', '*', 'Client', 'Client.*'].map((name) => ({ ...all, export: name, point: 'call' })),
    }),
  });
  const { stderr } = await same(t, cwd, 'app.cjs');
  assert.match(stderr, /3 functions make points: work, Client, Client\.get\n/);
  assert.match(
    stderr,
    /left alone: fixed\.one \(read-only\), fixed\.two \(read-only\), lib \(a class; name its methods, as in default\.prototype\.\*\)\n/,
  );
});
