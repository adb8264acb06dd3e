// The application's own points: what the API gives back, and what it records.
// needs: agent
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';

import { transformSync } from 'esbuild';

import { type SeenPoint, key, on, projectFolder, run, scenario, scratch, shape, treeOf } from './scenario.js';

const expectedOff = {
  outside: [true, []],
  sync: 1,
  headers: [],
  trace: 2,
  throws: 'sync',
  rejects: 'async',
  traced: [3, 'add', 2],
  calls: 1,
  tracedClass: { id: 4, size: 3 },
  cleaned: [true, []],
  badId: 'accepted',
};

for (const file of ['api.cjs', 'api.mjs']) {
  for (const [name, options] of Object.entries({
    'without the agent': { load: 'none' },
    'with the agent off': { env: { OSTRACE_ENABLED: 'false' } },
  } as const)) {
    test(`${file}: ${name}, the API does nothing but call`, async (t) => {
      const { stdout, stderr, events } = await run(t, scenario(file), options);
      assert.deepEqual([JSON.parse(stdout), stderr, events], [expectedOff, '', []]);
    });
  }

  test(`${file}: with the agent, the API makes points in a trace that it begins`, async (t) => {
    const { stdout, stderr, events } = await run(t, scenario(file), { env: on });
    assert.equal(stderr, '');
    const base_id = '7253ca8c-33b3-4f84-b4f1-f5a4311ddfa4';
    assert.deepEqual(JSON.parse(stdout), {
      ...expectedOff,
      init: [base_id, base_id, '06320327-2c2c-45ae-923a-515de890276a'],
      headers: ['X-Trace-Info', 'X-Trace-HMAC', 'X-Trace-Time'],
      badId: 'TypeError',
    });
    assert.equal(
      shape(treeOf(events)),
      'outer_point(inner) async(nested) throws rejects rpc rpc repository private odd',
    );
    const points = treeOf(events, base_id);
    const find = (name: string): SeenPoint[] => points.filter((point) => point.name === name);
    const [outer] = find('outer_point');
    assert.equal(outer!.start.parent_id, '06320327-2c2c-45ae-923a-515de890276a');
    assert.equal(outer!.start.info['step'], 1);
    assert.equal(outer!.children[0]!.stop!.info['done'], true);
    for (const [name, message] of [
      ['throws', 'sync'],
      ['rejects', 'async'],
    ] as const) {
      const { etype, message: said } = find(name)[0]!.stop!.info;
      assert.deepEqual([etype, said], ['TypeError', message]);
    }
    const [add, nothing] = find('rpc');
    assert.deepEqual(add!.start.info['function'], { name: 'add', args: '[ 1, 2 ]', kwargs: '{}' });
    assert.deepEqual(add!.stop!.info['function'], { result: '3' });
    assert.deepEqual(nothing!.start.info['function'], { name: 'nothing' });
    assert.equal(nothing!.stop!.info['function'], undefined);
    assert.deepEqual(
      (find('repository')[0]!.start.info['function'] as { name: string }).name,
      'Repository.find',
    );
    assert.equal(find('odd')[0]!.start.info['big'], '1');
  });
}

test('what a function returns is the very object, traced or not, and odd input does not throw', async (t) => {
  const file = scenario('returned.cjs');
  const bare = await run(t, file, { load: 'none' });
  const { stdout, stderr, code, events } = await run(t, file, { env: { ...on, OSTRACE_PROFILE: key } });
  assert.deepEqual([stderr, code], ['', 0]);
  const expected = JSON.parse(bare.stdout) as Record<string, unknown>;
  assert.deepEqual(expected['queries'], 2);
  assert.deepEqual(expected['init'], ['accepted', 'accepted', 'accepted']);
  const wrongKey = 'TypeError: profiler.init: hmac_key must be a text that is not empty';
  assert.deepEqual(JSON.parse(stdout), { ...expected, init: [wrongKey, wrongKey, wrongKey] });
  const [root] = treeOf(events);
  assert.equal(
    shape(root!.children),
    'query query failed query never run! child child failed subclass frozen proxy thrower plain unhandled! ' +
      'undefined 5 Symbol_s_ point info info info info info',
  );
  for (const failed of root!.children.filter(({ name }) => name.endsWith('failed'))) {
    assert.equal(failed.stop!.info['etype'], 'TypeError');
  }
});

test('the API by `import` and by `require`, and a second copy of it, share one profiler', async (t) => {
  const folder = scratch(t);
  mkdirSync(join(folder, 'copy'));
  for (const name of ['dist/src', 'package.json']) {
    cpSync(join(projectFolder, name), join(folder, 'copy', name), { recursive: true });
  }
  const code = `
    const cjs = require('ostrace').profiler;
    const copy = require(${JSON.stringify(join(folder, 'copy'))}).profiler;
    import('ostrace').then(({ profiler: esm }) => {
      esm.trace('esm', () => cjs.trace('cjs', () => copy.trace('copy', () => {})));
      console.log(cjs === copy);
    });
  `;
  const { stdout, events } = await run(t, '-e', { args: [code], env: { ...on, OSTRACE_PROFILE: key } });
  assert.equal(stdout, 'false\n');
  assert.equal(shape(treeOf(events)), 'process(esm(cjs(copy)))');
});

test('a second copy of the agent does nothing', async (t) => {
  const folder = scratch(t);
  for (const name of ['dist/register.js', 'dist/agent.js', 'dist/later', 'dist/src', 'package.json']) {
    cpSync(join(projectFolder, name), join(folder, name), { recursive: true });
  }
  symlinkSync(join(projectFolder, 'node_modules'), join(folder, 'node_modules'));
  const { events, stderr } = await run(t, '-e', {
    args: [`require('node:child_process').execSync('true')`],
    nodeArgs: ['--require', join(folder, 'dist/register.js')],
    env: { ...on, OSTRACE_PROFILE: key },
  });
  assert.equal(stderr, '');
  assert.equal(shape(treeOf(events)), 'process(command)');
});

const names = (points: readonly SeenPoint[]): readonly string[] =>
  points.map(({ start }) => (start.info['function'] as { name: string }).name);

/** The scenario as a compiler writes it for `experimentalDecorators`, as Nest's applications have it. */
function legacyDecorators(t: TestContext): string {
  const source = join(projectFolder, 'test/scenarios/decorators.ts');
  const { code } = transformSync(readFileSync(source, 'utf8'), {
    loader: 'ts',
    format: 'cjs',
    tsconfigRaw: { compilerOptions: { experimentalDecorators: true } },
  });
  const file = join(scratch(t), 'decorators.cjs');
  writeFileSync(file, code.replace('../../src/index.js', join(projectFolder, 'dist/src/index.js')));
  return file;
}

for (const [kind, compiled] of Object.entries({
  standard: () => join(projectFolder, 'dist/test/scenarios/decorators.js'),
  legacy: legacyDecorators,
})) {
  test(`${kind} decorators make points of methods, accessors and classes, and keep what is on them`, async (t) => {
    const file = compiled(t);
    const expected = ['hello you', 4, 1, 'Other', 3, 7, 'property', '/greet', 'work'];
    const off = await run(t, file, { load: 'none' });
    assert.deepEqual([JSON.parse(off.stdout), off.stderr], [expected, '']);
    const { stdout, stderr, events } = await run(t, file, { env: { ...on, OSTRACE_PROFILE: key } });
    assert.deepEqual([JSON.parse(stdout), stderr], [expected, '']);
    const [root] = treeOf(events);
    assert.equal(shape([root!]), 'process(again(service) outer(task) get task get set get)');
    const [again, outer] = root!.children;
    assert.deepEqual(names(root!.children), [
      'Service.greet',
      'Other.work',
      'get size',
      'make',
      'get count',
      'set width',
      'get size',
    ]);
    assert.deepEqual(names([...again!.children, ...outer!.children]), ['Service.greet', 'work']);
    const made = root!.children[3]!;
    assert.deepEqual(made.stop!.info['function'], { result: "'Other'" }, 'the point ends with the promise');
  });
}

test('standard decorators make points of fields, of `accessor` and of private methods', async (t) => {
  const file = join(projectFolder, 'dist/test/scenarios/standard-decorators.js');
  const { stdout, stderr, events } = await run(t, file, { env: { ...on, OSTRACE_PROFILE: key } });
  assert.deepEqual([stdout, stderr], ['4 1 2 hidden\n', '']);
  const [root] = treeOf(events);
  assert.equal(shape([root!]), 'process(accessor field field accessor private)');
  assert.deepEqual(names(root!.children), ['set level', 'double', 'half', 'get level', '#hidden']);
});
