// How points by name are configured: where the configuration is looked for, and what is said of a wrong one.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type TestContext, test } from 'node:test';

import { readConfig } from '../src/config/config.js';
import { namesPoints } from '../src/config/points-source.js';
import { type NamedPoints, fields, readPoints } from '../src/config/points.js';
import { pointKinds } from '../src/trace/vocabulary.js';
import { folderOf } from './fixtures/files.js';
import { projectFolder } from './scenario.js';

const entry = { module: './a.js', export: 'a', point: 'a' };
const config = (point: string): string => JSON.stringify({ points: [{ ...entry, point }] });

function read(
  t: TestContext,
  files: Readonly<Record<string, string>>,
  given?: string,
): { readonly named: NamedPoints | undefined; readonly said: readonly string[]; readonly folder: string } {
  const folder = folderOf(t, files);
  const said: string[] = [];
  const named = namesPoints(given, folder)
    ? readPoints(given, folder, (problem) => said.push(problem))
    : undefined;
  return { named, said, folder };
}

const pointOf = (named: NamedPoints | undefined): string | undefined => named?.points[0]?.point;

const all = {
  'other/points.json': config('named'),
  'ostrace.config.json': config('file'),
  'package.json': JSON.stringify(
    { dependencies: { ostrace: '1' }, ostrace: JSON.parse(config('package')) as unknown },
    null,
    2,
  ),
};

test('the setting counts first, then ostrace.config.json, then package.json#ostrace', (t) => {
  const { 'ostrace.config.json': _none, ...others } = all;
  assert.equal(pointOf(read(t, all, 'other/points.json').named), 'named');
  assert.equal(pointOf(read(t, all, config('text')).named), 'text');
  assert.equal(pointOf(read(t, all).named), 'file');
  assert.equal(pointOf(read(t, others).named), 'package');
  assert.equal(read(t, all, 'off').named, undefined);
});

test('paths are relative to the folder of the file', (t) => {
  const { named, folder } = read(t, all, 'other/points.json');
  assert.equal(named?.folder, join(folder, 'other'));
  assert.equal(read(t, all).named?.source, 'ostrace.config.json');
});

test('a package file that only depends on ostrace names nothing, and is not parsed', (t) => {
  const { named, said } = read(t, { 'package.json': '{ "dependencies": { "ostrace": "1.0.0" } ' });
  assert.deepEqual([named, said], [undefined, []]);
});

test('a package file names points however it is indented', (t) => {
  for (const between of ['"ostrace" : {', '"ostrace":\n  {', '"ostrace"\t:{'])
    assert.equal(
      pointOf(read(t, { 'package.json': `{ ${between} "points": [${JSON.stringify(entry)}] } }` }).named),
      'a',
      between,
    );
});

test('the setting is taken as it is meant: spaces, capitals, a list in the place of an object', (t) => {
  const pointsOf = (text: string): unknown => readConfig({ OSTRACE_POINTS: text }).config.points;
  for (const off of ['off', 'OFF', ' Off\n']) assert.equal(pointsOf(off), 'off');
  assert.equal(pointsOf(' a.json '), resolve('a.json'));
  assert.equal(pointsOf(` ${config('a')}`), config('a'));
  assert.deepEqual(readConfig({ OSTRACE_POINTS: ' ' }).problems, [
    'OSTRACE_POINTS is ""; expected a file, JSON, or off',
  ]);
  const list = JSON.stringify([entry]);
  assert.equal(pointsOf(list), list);
  const { named, said } = read(t, {}, list);
  assert.equal(named, undefined);
  assert.match(
    said.join('\n'),
    /^OSTRACE_POINTS is \[\{.*\]; expected an object such as \{ "points": \[ … \] \}$/,
  );
});

test('what an entry leaves out has its default', (t) => {
  const { named, said } = read(t, { 'ostrace.config.json': config('a') });
  assert.deepEqual(said, []);
  assert.deepEqual(named?.points, [
    { ...entry, at: 'points[0]', callback: false, args: [], result: false, hide: [] },
  ]);
  assert.deepEqual([named.channels, named.limits.functions, named.limits.points], [[], 200, 1000]);
});

/** Wrong configurations, what is said, and how many entries can be used all the same. */
const wrong: Readonly<Record<string, readonly [value: unknown, says: RegExp, entries: number]>> = {
  'a list': [[], /^ostrace\.config\.json is \[\]; expected an object such as \{ "points": \[ … \] \}$/, 0],
  'a text for points': [{ points: 'x' }, /: points is "x"; expected a list of objects$/, 0],
  'an unknown part': [
    { point: [], points: [entry] },
    /: point is not a property \(did you mean points\?\); it is left out$/,
    1,
  ],
  'an entry that is a text': [
    { points: ['x', entry] },
    /: points\[0\] is "x"; expected an object; this entry is left out$/,
    1,
  ],
  'a missing property': [
    { points: [entry, { module: 'a', point: 'b' }] },
    /: points\[1\] has no export; expected an exported function or method, such as "Client\.prototype\.\*" .*; this entry is left out$/,
    1,
  ],
  'a mistyped property': [
    { points: [{ ...entry, hidden: ['args'] }, entry] },
    /: points\[0\]\.hidden is not a property \(.*\); this entry is left out$/,
    1,
  ],
  'a number': [
    { points: [{ ...entry, export: 12 }] },
    /: points\[0\]\.export is 12; expected an exported/,
    0,
  ],
  'a pattern within a name': [
    { points: [{ ...entry, export: 'get*' }] },
    /: points\[0\]\.export is "get\*"; expected/,
    0,
  ],
  'a call that names nothing': [
    { points: [{ ...entry, export: 'make()' }] },
    /export is "make\(\)"; expected/,
    0,
  ],
  'a wrong path': [
    { points: [{ ...entry, args: ['[0'] }] },
    /args is \["\[0"\]; expected true, or a list of paths/,
    0,
  ],
  'a wrong limit': [
    { points: [entry], limits: { functions: 0 } },
    /: limits\.functions is 0; expected a whole number, 1 or more; the default counts$/,
    1,
  ],
};

for (const [what, [value, says, entries]] of Object.entries(wrong)) {
  test(`${what} is said in one line, and the good entries count`, (t) => {
    const { named, said } = read(t, { 'ostrace.config.json': JSON.stringify(value) });
    assert.equal(said.length, 1, said.join('\n'));
    assert.match(said[0]!, says);
    assert.equal(named?.points.length ?? 0, entries);
  });
}

test("a name of ostrace's own points is said in one line, and another one is used", (t) => {
  const ours = Object.keys(pointKinds).filter((name) => name !== 'db' && name !== 'rpc');
  for (const name of [...ours, 'thread-main']) {
    const { named, said } = read(t, { 'ostrace.config.json': config(name) });
    assert.deepEqual(said, [
      `ostrace.config.json: points[0].point is "${name}", the name of a point of ostrace's own; "function" is used`,
    ]);
    assert.equal(pointOf(named), 'function');
  }
  for (const name of ['db', 'rpc', 'driver', 'db_api', 'constructor']) {
    const { named, said } = read(t, { 'ostrace.config.json': config(name) });
    assert.deepEqual([said, pointOf(named)], [[], name]);
  }
});

test('text that is no JSON, and a file that is not there, are said', (t) => {
  assert.match(
    read(t, { 'ostrace.config.json': '{ points }' }).said.join(),
    /^ostrace\.config\.json is not JSON \(.*\); no points/,
  );
  assert.match(read(t, {}, 'nowhere.json').said.join(), /^OSTRACE_POINTS \("nowhere\.json"\) cannot be read/);
});

test('the schema, which editors read, has the properties and the defaults of the code', () => {
  interface Schema {
    readonly properties: Readonly<Record<string, Schema>>;
    readonly items: Schema;
    readonly required?: readonly string[];
    readonly default?: unknown;
    readonly pattern?: string;
    readonly definitions: Readonly<Record<string, Schema>>;
    readonly $ref?: string;
  }
  const schema = JSON.parse(readFileSync(join(projectFolder, 'config.schema.json'), 'utf8')) as Schema;
  const { points, channels, limits } = schema.properties;
  for (const [part, { properties, required = [] }] of Object.entries({
    points: points!.items,
    channels: channels!.items,
    limits: limits!,
  })) {
    const table = fields[part as keyof typeof fields] as Readonly<
      Record<string, { readonly takes: string; readonly otherwise?: unknown }>
    >;
    assert.deepEqual(Object.keys(properties).toSorted(), Object.keys(table).toSorted(), part);
    for (const [name, { otherwise }] of Object.entries(table)) {
      const { $ref } = properties[name]!;
      const its = $ref === undefined ? properties[name]! : schema.definitions[$ref.split('/').at(-1)!]!;
      assert.deepEqual(
        [name, its.default, required.includes(name)],
        [name, otherwise, otherwise === undefined],
      );
    }
  }
  const pattern = new RegExp(points!.items.properties['export']!.pattern!);
  for (const text of ['*', 'a', 'a.*', 'A.prototype.*', 'a().b', 'get*', 'a()', 'a..b', '']) {
    assert.equal(pattern.test(text), fields.points.export.isValid(text), text);
  }
});
