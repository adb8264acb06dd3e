// Points by name: functions of all kinds, however their modules are loaded, behave as they do without the agent.
// needs: agent
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';

import { folderOf } from './fixtures/files.js';
import { type Run, type SeenPoint, agentFolder, key, on, run, scenario, shape, treeOf } from './scenario.js';

const AGENT = join(agentFolder, 'dist/src/index.js');
const traced = { ...on, OSTRACE_PROFILE: key, AGENT };

/** What each step of the scenario is made of. */
const steps: Readonly<Record<string, string>> = {
  methods: 'getter driver driver driver driver driver',
  iterators: 'driver driver driver(function function) function driver!',
  // The third is a promise that nobody looks at.
  values:
    'function function function! function function function function function function service service rpc',
  callbacks: 'callback callback',
  classes: 'made made old',
  factories: 'client(function) client(function) client',
  default: 'default default',
};

/** Of a CommonJS module, `default` is all that it exports. */
const ofCommonJs = {
  ...steps,
  factories: 'default client(function) default client(function) default client',
};

function names(points: readonly SeenPoint[], name: string): string {
  const [step] = points.flatMap(({ children }) => children).filter((each) => each.name === name);
  return step === undefined ? '' : shape(step.children);
}

for (const file of ['app.cjs', 'app.mjs', 'imports-cjs.mjs']) {
  test(`${file} sees what it sees without the agent, idle and traced, and each call is a point`, async (t) => {
    const cwd = scenario('named');
    const bare = await run(t, file, { load: 'none', cwd, env: { AGENT } });
    assert.deepEqual([bare.code, bare.stderr], [0, '']);
    const idle = await run(t, file, { cwd, env: { ...on, AGENT } });
    assert.deepEqual([idle.code, idle.stderr, idle.stdout], [0, '', bare.stdout]);
    const { code, stdout, stderr, events } = await run(t, file, { cwd, env: traced });
    assert.deepEqual([code, stdout], [0, bare.stdout]);
    const found = Object.keys(steps).map((name) => [name, names(treeOf(events), name)]);
    assert.deepEqual(Object.fromEntries(found), file === 'app.mjs' ? steps : ofCommonJs);
    assert.match(stderr, /^ostrace: ostrace\.config\.json: \d+ functions make points: Driver\.over, /);
  });
}

/** An application of one file that calls a module of its own, with one entry for it. */
const small = (
  module: string,
  app: string,
  entry: object = {},
  more: object = {},
): Readonly<Record<string, string>> => ({
  'lib.cjs': module,
  'app.cjs': app,
  'ostrace.config.json': JSON.stringify({
    points: [{ module: './lib.cjs', export: '*', point: 'call', ...entry }],
    ...more,
  }),
});

async function runSmall(
  t: TestContext,
  files: Readonly<Record<string, string>>,
  env: object = {},
): Promise<Run> {
  return run(t, 'app.cjs', { cwd: folderOf(t, files), env: { ...traced, ...env } });
}

const infoOf = (events: Run['events'], name: string): readonly unknown[] =>
  events.flatMap(({ name: each, info }) => (each === name ? [info['function']] : []));

test('a rejection that nobody handles ends the process as it does without the agent', async (t) => {
  const files = small(
    `exports.fail = async () => { throw new Error('nobody handles it'); }; exports.late = async () => { throw new Error('late'); };`,
    `const { fail, late } = require('./lib.cjs');
     const kept = late();
     process.on('unhandledRejection', (error) => console.log('unhandled', error.message));
     process.on('rejectionHandled', () => console.log('handled'));
     setTimeout(() => kept.catch((error) => { console.log('caught', error.message); process.removeAllListeners('unhandledRejection'); fail(); }), 20);`,
  );
  const bare = await run(t, 'app.cjs', { load: 'none', cwd: folderOf(t, files) });
  const { stdout, stderr, code, events } = await runSmall(t, files);
  assert.match(bare.stdout, /^unhandled late\ncaught late\nhandled\n$/);
  assert.deepEqual([stdout, code], [bare.stdout, 1]);
  assert.match(stderr, /Error: nobody handles it/);
  assert.equal(shape(treeOf(events)), 'process(call call!)');
});

test('what points say: names alone; arguments and results where they are asked for, without secrets', async (t) => {
  const lib = `exports.charge = (order, { key }, secret) => ({ order, token: 'T', nested: { apiKey: 'K', n: 1 } });`;
  const app = `
    let looked = 0;
    const order = { id: 5, password: 'P', get price() { looked++; return 1; }, card: { number: 'N', cvv: 'C' } };
    require('./lib.cjs').charge(order, { key: 'K', plain: 'p' }, 'S');
    console.log(looked);`;
  const said = async (entry: object): Promise<unknown> => {
    const { events, stdout } = await runSmall(t, small(lib, app, entry));
    assert.equal(stdout, '0\n', 'a getter ran');
    return [infoOf(events, 'call-start')[0], infoOf(events, 'call-stop')[0]];
  };
  const name = 'charge';
  assert.deepEqual(await said({}), [{ name }, undefined]);
  assert.deepEqual(await said({ args: ['[0].id', '[0].card.number', '[0].password', '[0].price', '[7]'] }), [
    { name, args: `{ '[0].id': 5, '[0].card.number': 'N', '[0].password': '***' }`, kwargs: '{}' },
    undefined,
  ]);
  assert.deepEqual(await said({ args: true, result: true, hide: ['[2]', '[0].card', 'result.order'] }), [
    {
      name,
      args: `[ { id: 5, password: '***', price: [Getter], card: '***' }, { key: '***', plain: 'p' }, '***' ]`,
      kwargs: '{}',
    },
    { result: `{ order: '***', token: '***', nested: { apiKey: '***', n: 1 } }` },
  ]);
  assert.deepEqual(await said({ args: true, result: true, hide: ['args', 'result'] }), [{ name }, undefined]);
});

test('a function that makes too many points is cut off, and the trace says how many are missing', async (t) => {
  const files = small(
    'exports.inc = (n) => n + 1; exports.other = () => 0;',
    `const { inc, other } = require('./lib.cjs'); let n = 0; for (let i = 0; i < 5000; i++) n = inc(n); other(); console.log(n);`,
    {},
    { limits: { points: 100 } },
  );
  const { events, stdout } = await runSmall(t, files);
  assert.equal(stdout, '5000\n');
  assert.equal(events.filter(({ name }) => name === 'call-start').length, 101);
  const [left] = events.filter(({ name }) => name === 'left_out-start');
  assert.deepEqual(left?.info['left_out'], {
    cut: 4900,
    why: 'of inc, only the first 100 calls are recorded',
  });
});

test('no more functions than the limit become points, and that is said', async (t) => {
  const lib = `for (let i = 0; i < 300; i++) exports['f' + i] = () => i;`;
  const app = `const all = require('./lib.cjs'); for (const name in all) all[name]();`;
  const most = await runSmall(t, small(lib, app));
  assert.equal(most.events.filter(({ name }) => name === 'call-start').length, 200);
  assert.match(most.stderr, /200 functions make points: f0, .*, and 180 more\n/);
  assert.match(most.stderr, /left alone: f200 \(the limit of 200 functions, also for those after it\)/);
  const raised = await runSmall(t, small(lib, app, {}, { limits: { functions: 1000 } }));
  assert.equal(raised.events.filter(({ name }) => name === 'call-start').length, 300);
});

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

test('what matches nothing is said once, after the first trace', async (t) => {
  const files = {
    'lib.cjs': 'exports.there = () => 1; exports.text = "x";',
    'app.cjs': `require('./lib.cjs').there(); setTimeout(() => {}, 10);`,
    'never.cjs': '',
    'ostrace.config.json': JSON.stringify({
      points: [
        { module: './lib.cjs', export: 'there', point: 'a' },
        { module: './lib.cjs', export: 'gone', point: 'a' },
        { module: './lib.cjs', export: 'text', point: 'a' },
        { module: './never.cjs', export: 'a', point: 'a' },
        { module: './nowhere/*.js', export: 'a', point: 'a' },
        { module: 'no-such-package', export: 'a', point: 'a' },
        { module: './app.cjs', export: 'a', point: 'a' },
      ],
    }),
  };
  const { stderr } = await runSmall(t, files);
  const lines = stderr.trim().split('\n');
  assert.equal(lines.length, 2, stderr);
  assert.match(lines[0]!, /^ostrace: ostrace\.config\.json: 1 function makes points: there$/);
  assert.match(
    lines[1]!,
    /nothing matched so far: points\[1\] \(\/.*lib\.cjs has no gone\), points\[2\] \(\/.*lib\.cjs has no text\), points\[3\] \(\.\/never\.cjs has not been loaded\), points\[4\] \(\.\/nowhere\/\*\.js is not there, .*\), points\[5\] \(no-such-package is not there, .*\), points\[6\] \(\.\/app\.cjs is the application's main file/,
  );
});

test('a wrong entry is said once, also where there are threads, and the others count', async (t) => {
  const files = small(
    'exports.work = () => 1;',
    `require('./lib.cjs').work();
     new (require('node:worker_threads').Worker)('require("./lib.cjs").work()', { eval: true });`,
    {},
    { channel: [] },
  );
  const { stderr, events } = await runSmall(t, files);
  assert.equal(stderr.match(/channel is not a property/g)?.length, 1, stderr);
  assert.equal(stderr.match(/1 function makes points/g)?.length, 1, stderr);
  assert.equal(shape(treeOf(events)), 'process(call thread(thread_main(call)))');
});

test('a child process has them as well, and a relative file means the same there', async (t) => {
  const { 'ostrace.config.json': config = '', ...files } = small(
    'exports.work = () => 1;',
    `require('./lib.cjs').work(); require('node:child_process').fork('../sub/child.cjs', { cwd: 'sub' });`,
  );
  const others = {
    'sub/child.cjs': `require('../lib.cjs').work();`,
    'conf/points.json': config.replace('./lib', '../lib'),
  };
  const { events } = await runSmall(t, { ...files, ...others }, { OSTRACE_POINTS: 'conf/points.json' });
  assert.equal(shape(treeOf(events)), 'process(call command(process(call)))');
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
