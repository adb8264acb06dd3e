import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Info } from '../src/trace/event.js';
import { stringifyInfo } from '../src/trace/info.js';
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
    assert.ok(text.includes('[1,1,1,1,1,1,1,1,1,1]'), text);
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

test('an info that makes points of its own, or throws whatever there is, costs no event and nobody else`s', async (t) => {
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
