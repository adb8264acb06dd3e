// Points by name: functions of all kinds, however their modules are loaded, behave as they do without the agent.
// needs: agent
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { folderOf } from './fixtures/files.js';
import { infoOf, runSmall, small, traced } from './fixtures/named.js';
import { type SeenPoint, on, run, scenario, shape, treeOf } from './scenario.js';

const { AGENT } = traced;

/** The parts of each step of the scenario. */
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

/** The `default` of a CommonJS module is all that it exports. */
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

test('calls that give the same promise each last until it settles, and have its outcome', async (t) => {
  const files = small(
    `let fail;
     const own = new Promise((_, reject) => (fail = reject));
     class Mine extends Promise {}
     let miss;
     const mine = new Mine((_, reject) => (miss = reject));
     const odd = Object.defineProperty(new Promise((_, reject) => setTimeout(reject, 5, new SyntaxError('odd'))), 'constructor', { value: Promise });
     exports.own = () => own; exports.mine = () => mine; exports.odd = () => odd;
     exports.settle = () => { fail(new RangeError('refused')); miss(new TypeError('missed')); };`,
    `const lib = require('./lib.cjs');
     const all = [lib.own(), lib.own(), lib.mine(), lib.mine(), lib.own()];
     const [one] = all;
     const seen = Promise.allSettled(all).then((done) => console.log(done.map(({ reason }) => reason.message).join()));
     const later = [lib.own(), lib.odd()];
     lib.settle();
     Promise.all([seen, ...later.map((each) => each.catch(() => {}))]).then(() => {
       console.log(Object.getOwnPropertyNames(one), one === lib.own());
     });`,
  );
  const { stdout, events } = await runSmall(t, files);
  assert.equal(stdout, 'refused,refused,missed,missed,refused\n[] true\n');
  const labels = infoOf(events, 'call-start').map((each) => (each as { readonly name: string }).name);
  assert.deepEqual(labels, ['own', 'own', 'mine', 'mine', 'own', 'own', 'odd', 'settle', 'own']);
  const outcomes = events.flatMap(({ name, info }) => (name === 'call-stop' ? [info['etype'] ?? 'ok'] : []));
  const count = (outcome: string): number => outcomes.filter((each) => each === outcome).length;
  // Nobody asks for the last one, and a promise with a `constructor` of its own cannot be watched.
  assert.deepEqual([count('RangeError'), count('TypeError'), count('ok')], [4, 2, 1]);
});

test('a callback keeps its name, its length, its properties and its class', async (t) => {
  const files = small(
    `const about = (fn) => [fn.name, fn.length, fn.more, Object.keys(fn), fn.constructor.name, 'prototype' in fn];
     exports.look = (n, done) => { const said = about(done); done(null, said); return said; };`,
    `const { look } = require('./lib.cjs');
     const seen = [];
     look(1, Object.assign(function named(error, value) { seen.push(this === undefined || this === globalThis, value); }, { more: 1 }));
     look(2, async (error, value, third) => seen.push(value));
     look(3, (...all) => seen.push(all.length, all[1]));
     console.log(JSON.stringify(seen));`,
    { callback: true },
  );
  const bare = await run(t, 'app.cjs', { load: 'none', cwd: folderOf(t, files) });
  const { stdout, events } = await runSmall(t, files);
  assert.equal(stdout, bare.stdout);
  assert.equal(shape(treeOf(events)), 'process(call call call)');
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

/** Values that an application passes, and how each is written. */
const told: Readonly<Record<string, readonly [code: string, says: string]>> = {
  'a tag that is a getter': [
    `new (class X { get [Symbol.toStringTag]() { console.log('ran'); return 'T'; } password = 'LEAK'; n = 1; })`,
    `X { password: '***', n: 1 }`,
  ],
  'an inspect of its own': [
    `({ [Symbol.for('nodejs.util.inspect.custom')]() { console.log('ran'); return 'LEAK'; }, toString() { console.log('ran'); } })`,
    '{ toString: [Function: toString] }',
  ],
  'a class that decides what its objects are': [
    `new (class X { static [Symbol.hasInstance]() { console.log('ran'); return true; } static get name() { console.log('ran'); } n = 1; })`,
    '{ n: 1 }',
  ],
  'getters and a Proxy': [
    `({ get password() { console.log('ran'); }, get a() { console.log('ran'); }, set b(x) {}, p: new Proxy({ password: 'LEAK' }, { get() { console.log('ran'); }, getPrototypeOf() { console.log('ran'); return null; } }) })`,
    `{ password: '***', a: [Getter], b: [Setter], p: [Proxy] }`,
  ],
  'an error': [
    `Object.assign(new TypeError('msg', { cause: { token: 'LEAK' } }), { password: 'LEAK', config: { auth: 'LEAK' } })`,
    '[TypeError: msg]',
  ],
  'a function': [`Object.assign(() => {}, { password: 'LEAK' })`, '[Function: (anonymous)]'],
  'a map': [
    `new Map([['password', 'LEAK'], ['o', { token: 'LEAK', n: 1 }]])`,
    `Map(2) { 'password' => '***', 'o' => { token: '***', n: 1 } }`,
  ],
  'a set': [`new Set([{ password: 'LEAK' }])`, `Set(1) { { password: '***' } }`],
  'what looks like a map': [
    `Object.create(Map.prototype, { size: { get() { console.log('ran'); } } })`,
    '[Map]',
  ],
  'pairs and names that take turns': [
    `[['password', 'LEAK'], ['Authorization', 'LEAK', 'Accept', 'any']]`,
    `[ [ 'password', '***' ], [ 'Authorization', '***', 'Accept', 'any' ] ]`,
  ],
  headers: [`({ h: new Headers({ authorization: 'LEAK' }) })`, '{ h: [Headers] }'],
  'a request': [`new Request('http://h/', { headers: { cookie: 'LEAK' } })`, '[Request]'],
  'parameters of a URL': [`new URLSearchParams({ password: 'LEAK' })`, '[URLSearchParams]'],
  'a URL': [`new URL('http://u:LEAK@h/a?token=LEAK&n=1')`, '[URL: http://***@h/a?token=***&n=1]'],
  'an emitter': [
    `Object.assign(new (require('node:http').Agent)({ passphrase: 'LEAK' }), { other: 'LEAK' })`,
    '[Agent]',
  ],
  'bytes, dates and the like': [
    `[Buffer.from('LEAK'), new Date(0), new Date(NaN), /LEAK/, Promise.resolve('LEAK'), Object('LEAK'), new WeakMap()]`,
    '[ [Buffer], 1970-01-01T00:00:00.000Z, Invalid Date, [RegExp], [Promise], [String], [WeakMap] ]',
  ],
  'what is deep': [`({ a: { b: { c: { password: 'LEAK' } } } })`, '{ a: { b: [Object] } }'],
  'a cycle': [`(() => { const a = { n: 1 }; a.a = a; return a; })()`, '{ n: 1, a: { n: 1, a: [Object] } }'],
  'a long text': [`'x'.repeat(300)`, `'${'x'.repeat(200)}'... 100 more characters`],
  'a large number': ['1n << 5000n', '[BigInt]'],
  'other scalars': [
    '[1, -0, 5n, true, null, undefined, Symbol("s")]',
    '[ 1, -0, 5n, true, null, undefined, Symbol(s) ]',
  ],
  nothing: ['({})', '{}'],
  'without a prototype': ['Object.assign(Object.create(null), { n: 1 })', '{ n: 1 }'],
};

test('values are written without their secrets, and no code of the application runs for it', async (t) => {
  const app = `const { say } = require('./lib.cjs'); ${Object.values(told)
    .map(([code]) => `say(${code});`)
    .join('\n')}`;
  const { events, stdout } = await runSmall(t, small('exports.say = (value) => {};', app, { args: true }));
  assert.equal(stdout, '', 'code of the application ran');
  const said = infoOf(events, 'call-start').map((each) => (each as { readonly args: string }).args);
  const levelled = Object.entries(told).map(([what], i) => [what, said[i]]);
  assert.deepEqual(
    Object.fromEntries(levelled),
    Object.fromEntries(Object.entries(told).map(([what, [, says]]) => [what, `[ ${says} ]`])),
  );
  assert.ok(!JSON.stringify(events).includes('LEAK'));
});

test('no more of a value is read than is written', async (t) => {
  const app = `
    const { say } = require('./lib.cjs');
    const numbers = Array.from({ length: 1e6 }, (_, i) => i);
    const rows = Array.from({ length: 2e5 }, (_, id) => ({ id, name: 'x' }));
    const wide = Array.from({ length: 10 }, () => Object.fromEntries(numbers.slice(0, 1000).map((n) => ['m' + n, n])));
    let took = 0n;
    const once = (each) => {
      const from = process.hrtime.bigint();
      say(each);
      return process.hrtime.bigint() - from;
    };
    // A collection of all that garbage may come in between: of two tries, one is without.
    for (const each of [numbers, rows, new Set(numbers), new Map(rows.map((row) => [row.id, row])), wide]) {
      const [first, second] = [once(each), once(each)];
      took += first < second ? first : second;
    }
    console.log(took < 500_000_000n);`;
  const { events, stdout } = await runSmall(
    t,
    small('exports.say = (value) => value;', app, { args: ['[0]'], result: true }),
  );
  assert.equal(stdout, 'true\n');
  const said = infoOf(events, 'call-stop')
    .map((each) => (each as { readonly result: string }).result)
    .filter((_result, i) => i % 2 === 0);
  assert.equal(said[0], '[ 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, ... 999990 more ]');
  assert.match(said[1]!, /^\[ \{ id: 0, name: 'x' \}, .*\{ id: 9, name: 'x' \}, \.\.\. 199990 more \]$/);
  assert.match(said[2]!, /^Set\(1000000\) \{ 0, .*, 9, \.\.\. 999990 more \}$/);
  assert.match(said[3]!, /^Map\(200000\) \{ 0 => \{ id: 0, name: 'x' \}, .*\.\.\. 199990 more \}$/);
  assert.match(said[4]!, /m298: 298, \.\.\. 701 more \}, \.\.\. 9 more \]$/);
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
        { module: './src/lbi.cjs', export: 'a', point: 'a' },
      ],
    }),
  };
  const { stderr } = await runSmall(t, files);
  const lines = stderr.trim().split('\n');
  assert.equal(lines.length, 2, stderr);
  assert.match(lines[0]!, /^ostrace: ostrace\.config\.json: 1 function makes points: there$/);
  assert.match(
    lines[1]!,
    /nothing matched so far: points\[1\] \(\/.*lib\.cjs has no gone\), points\[2\] \(\/.*lib\.cjs has no text\), points\[3\] \(\.\/never\.cjs has not been loaded\), points\[4\] \(\.\/nowhere\/\*\.js is not there, .*\), points\[5\] \(no-such-package is not there, .*\), points\[6\] \(\.\/app\.cjs is the application's main file, which cannot be hooked\), points\[7\] \(there is no file \/.*\/src\/lbi\.cjs\)/,
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
