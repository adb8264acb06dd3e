// What is recorded of values of any kind and size.
// needs: agent
import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Info } from '../src/trace/event.js';
import { databaseFailure } from '../src/redaction/sql.js';
import { requestTarget } from '../src/redaction/url.js';
import { failure, stringifyInfo } from '../src/trace/info.js';
import { pointName } from '../src/trace/point.js';
import { on, run } from './scenario.js';

const readBack = (info: Info): Info => JSON.parse(`${stringifyInfo(info)}}`) as Info;

/** A list that counts how much of it is read. */
function counted(length: number): { list: unknown[]; reads: () => number } {
  let reads = 0;
  const list = new Proxy(
    Array.from({ length }, (): unknown => 1),
    {
      get(all, name) {
        reads++;
        return Reflect.get(all, name) as unknown;
      },
    },
  );
  return { list, reads: () => reads };
}

test('of a list of a million, no more is read than can be kept', () => {
  for (const wrap of [(list: unknown) => ({ list }), (list: unknown) => ({ a: { list } })]) {
    const { list, reads } = counted(1_000_000);
    const text = stringifyInfo(wrap(list));
    assert.match(text, /\[(?:1,){100}"… \(999900 more\)"\]/);
    assert.ok(reads() < 100_000, `${reads()} reads`);
  }
  const { list, reads } = counted(1_000_000);
  stringifyInfo({ toJSON: () => ({ list }) });
  assert.ok(reads() < 100_000, `${reads()} reads`);
});

test('of bytes, as parameters may be, the length is kept', () => {
  const bytes = Buffer.alloc(1_000_000);
  bytes.toJSON = () => assert.fail('a list of a million numbers was made');
  assert.deepEqual(readBack({ params: [1, bytes, new Uint16Array(4)] }), {
    params: [1, '[1000000 bytes]', '[8 bytes]'],
  });
  const small = Buffer.from('ab');
  assert.deepEqual(readBack({ small }), { small: { type: 'Buffer', data: [97, 98] } });
});

test('what can not be read costs the members beside it nothing', () => {
  const thrower = {
    a: 1,
    get b(): never {
      throw new Error('no');
    },
  };
  const expected = { a: 1, b: '[unreadable]' };
  assert.deepEqual(readBack({ first: 1, thrower, last: 2 }), { first: 1, thrower: expected, last: 2 });
  assert.deepEqual(readBack(thrower), expected);
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  assert.deepEqual(readBack({ list: [1, proxy], last: 2 }), { list: [1, '[unreadable]'], last: 2 });
});

test('many members of a readable length are kept as far as they fit', () => {
  const info = Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`member ${i}`, 'x'.repeat(500)]));
  const read = readBack(info);
  const kept = Object.keys(read).length;
  assert.ok(kept > 50 && kept <= 100, `${kept} members`);
  assert.equal(read['member 0'], 'x'.repeat(500));
  assert.equal(read['…'], `${1000 - kept + 1} more`);
});

test('a value that needs other words costs its neighbours nothing, and is there in its own', () => {
  const error = Object.assign(new RangeError('out of range'), { code: 'E_RANGE' });
  const cyclic: { self?: unknown } = {};
  cyclic.self = cyclic;
  const odd: readonly (readonly [unknown, unknown])[] = [
    [new Date(0), '1970-01-01T00:00:00.000Z'],
    [new Date(NaN), 'Invalid Date'],
    [12n, '12'],
    [Buffer.from('ab'), { type: 'Buffer', data: [97, 98] }],
    [Buffer.alloc(300), '[300 bytes]'],
    [new ArrayBuffer(16), '[16 bytes]'],
    [new Float64Array(3), '[24 bytes]'],
    [new Map([['a', 1]]), { a: 1 }],
    [new Map([[{ b: 1 }, 2]]), [[{ b: 1 }, 2]]],
    [new Set([1, 'two']), [1, 'two']],
    [error, { name: 'RangeError', message: 'out of range', code: 'E_RANGE' }],
    [new URL('http://a/b?c'), 'http://a/b?c'],
    [new URLSearchParams('a=1&b=2'), 'a=1&b=2'],
    [/x+/g, '/x+/g'],
    [NaN, 'NaN'],
    [-Infinity, '-Infinity'],
    [Symbol('sign'), 'Symbol(sign)'],
    [function work() {}, '[function work]'],
    [Promise.resolve(1), '[Promise]'],
    [new WeakMap(), '[WeakMap]'],
    [Object(5), 5],
    [Object('text'), 'text'],
    [cyclic, { self: '[circular]' }],
    [undefined, null],
    [{ toJSON: () => [1, 2n] }, [1, '2']],
  ];
  const others = Array.from({ length: 13 }, (_, i) => i);
  for (const [given, expected] of odd) {
    for (const neighbours of [others, Array.from({ length: 40 }, (_, i) => `text ${i} ${'x'.repeat(100)}`)]) {
      assert.deepEqual(readBack({ params: [given, ...neighbours] }), { params: [expected, ...neighbours] });
      const members = Object.fromEntries(neighbours.map((each, i) => [`m${i}`, each]));
      const read = readBack({ given, ...members, nested: { deep: { given } } });
      if (given !== undefined) {
        assert.deepEqual(read, { given: expected, ...members, nested: { deep: { given: expected } } });
      }
    }
  }
  const sparse: unknown[] = [1, 2n];
  sparse[4] = 'five';
  assert.deepEqual(readBack({ sparse }), { sparse: [1, '2', null, null, 'five'] });
});

test('whatever is cut says how much is missing', () => {
  const long = 'x'.repeat(40_000);
  const marked = `${'x'.repeat(1024)}… (40000 characters)`;
  assert.deepEqual(readBack({ long, beside: [1, 2n] }), { long: marked, beside: [1, '2'] });
  const params = [long, ...Array.from({ length: 13 }, (_, i) => i)];
  assert.deepEqual(readBack({ params }), { params: [marked, ...params.slice(1)] });
  assert.deepEqual(readBack({ [long]: 1 }), { [marked]: 1 });
  const twins = { [`${long}1`]: 1, [`${long}2`]: 2 };
  const name = `${'x'.repeat(1024)}… (40001 characters)`;
  assert.deepEqual(readBack(twins), { [name]: 1, [`${name} (2)`]: 2 });

  const many = Array.from({ length: 20_000 }, (_, i) => i);
  const kept = many.slice(0, 100);
  assert.deepEqual(readBack({ many }), { many: [...kept, '… (19900 more)'] });
  assert.deepEqual(readBack({ many: new Set(many) }), { many: [...kept, '… (19900 more)'] });
  const pairs = new Map(many.map((each) => [each, each]));
  const keptPairs = kept.map((each) => [each, each]);
  assert.deepEqual(readBack({ pairs }), { pairs: [...keptPairs, '… (19900 more)'] });
  const wide = Object.fromEntries(many.map((each) => [`m${each}`, each]));
  const keptMembers = Object.fromEntries(kept.map((each) => [`m${each}`, each]));
  assert.deepEqual(readBack({ wide }), { wide: { ...keptMembers, '…': '19900 more' } });
  assert.deepEqual(readBack(wide), { ...keptMembers, '…': '19900 more' });
  const own = { '…': 'mine', ...wide };
  assert.equal(readBack(own)['…'], 'mine');
  assert.equal(readBack(own)['… (2)'], '19901 more');

  const rows = Array.from({ length: 200 }, () => Array.from({ length: 200 }, () => 'cell'));
  const [first, ...rest] = readBack({ rows })['rows'] as unknown[];
  assert.deepEqual(first, [...Array.from({ length: 10 }, () => 'cell'), '… (190 more)']);
  assert.deepEqual([rest.length, rest.at(-1)], [10, '… (190 more)']);

  let deep: unknown = { end: many };
  for (let i = 0; i < 60; i++) deep = { deep };
  const text = stringifyInfo({ deep, list: [[[[[[[[1, 2]]]]]]]] });
  assert.match(text, /"… \(1 member\)"/);
  assert.match(stringifyInfo({ many, list: [[[[[[[[1, 2]]]]]]]] }), /"… \(1 item\)"/);
});

test('all that an info says of what it leaves out adds up, however it is filled', () => {
  for (const length of [1, 9, 10, 11, 99, 100, 101, 500, 5000]) {
    for (const size of [1, 30, 300, 1000, 3000]) {
      const list = Array.from({ length }, () => 'x'.repeat(size));
      const read = readBack({ list, date: new Date(0), last: 'last' });
      const shown = read['list'] as string[];
      const [, more] = /^… \((\d+) more\)$/.exec(shown.at(-1)!) ?? [];
      assert.equal(more === undefined ? shown.length : shown.length - 1 + Number(more), length);
      assert.ok(shown.every((each) => each.length === size || each.startsWith('…') || each.includes('… (')));
      assert.deepEqual([read['date'], read['last']], ['1970-01-01T00:00:00.000Z', 'last']);
    }
  }
});

test('names of points, messages and URLs say that they were cut', () => {
  const name = pointName('n'.repeat(250));
  assert.deepEqual([name, name.length], [`${'n'.repeat(82)}... 250 characters`, 100]);
  assert.equal(pointName('n'.repeat(100)), 'n'.repeat(100));
  const error = new Error('m'.repeat(5000));
  const message = `${'m'.repeat(1024)}… (5000 characters)`;
  assert.equal(failure(error)['message'], message);
  assert.equal(databaseFailure(error, new Set(), { traceSqlParams: false })['message'], message);
  const { path, query } = requestTarget(`/${'p'.repeat(70_000)}?${'q'.repeat(80_000)}&token=secret`);
  assert.equal(path, `/${'p'.repeat(1023)}… (70001 characters)`);
  assert.equal(query, `${'q'.repeat(1024)}… (80013 characters)`);
});

test('of a traced function, an argument with too many members to print is named by its class', async (t) => {
  const code = `
    const { profiler } = require('ostrace');
    class Cache {
      constructor() { for (let i = 0; i < 2000; i++) this['key' + i] = { get value() { throw new Error('no'); } }; }
    }
    const work = profiler.traced('work', { hideResult: false })((n, cache) => ({ list: [cache] }));
    profiler.init('key');
    work(1, new Cache());
    work({ get a() { throw new Error('no'); } }, new Array(1e6).fill({ b: 1 }));
  `;
  const { events, stderr } = await run(t, '-e', { args: [code], env: on });
  assert.equal(stderr, '');
  const said = events.map(({ info }) => info['function'] as { args?: string; result?: string });
  assert.equal(said[0]!.args, '[ 1, [Cache] ]');
  assert.equal(said[1]!.result, '[Object]');
  assert.match(said[2]!.args!, /\{ a: \[Getter\] \},[^]* 999990 more items/);
});

test('an info that makes points of its own, or throws whatever there is, costs no event and nobody else’s', async (t) => {
  const code = `
    const { profiler } = require('ostrace');
    profiler.init('key');
    const point = (name, info) => { profiler.start(name, info); profiler.stop(); };
    point('getter', { get total() { point('inner', { in: 1 }); return 42; } });
    point('trap', new Proxy({ a: 1 }, { getPrototypeOf() { throw Object.create(null); } }));
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    point('revoked', proxy);
    point('hidden', Object.defineProperty({ secret: 1 }, 'toJSON', { value: () => ({ shown: 2 }) }));
    point('number', 5);
    profiler.clean();
    console.log('on it goes');
  `;
  const { events, stdout, stderr, code: exitCode } = await run(t, '-e', { args: [code], env: on });
  assert.deepEqual([stdout, stderr, exitCode], ['on it goes\n', '', 0]);
  const names = events.map(({ name }) => name);
  for (const name of ['getter', 'trap', 'revoked', 'hidden', 'number']) {
    assert.deepEqual(
      names.filter((each) => each.startsWith(`${name}-`)),
      [`${name}-start`, `${name}-stop`],
    );
  }
  assert.ok(names.includes('inner-start') && names.includes('inner-stop'));
  const infoOf = (name: string): unknown => events.find((event) => event.name === `${name}-start`)!.info;
  assert.equal((infoOf('getter') as Info)['total'], 42);
  assert.equal((infoOf('hidden') as Info)['shown'], 2);
});
