import assert from 'node:assert/strict';

import { type Arbitrary, anything, array, constantFrom, nat, oneof, record, tuple } from 'fast-check';

import { putMembers } from '../../src/export/quick-json.js';
import type { Info } from '../../src/trace/event.js';
import { failure, stringifyInfo } from '../../src/trace/info.js';
import { pointName } from '../../src/trace/point.js';
import { anyText, propertyNames } from './mutations.js';
import { target } from './target.js';

const fail = (): never => {
  throw new TypeError('the application says no');
};

const manyBytes = Buffer.alloc(1e7);
const manyNumbers = new Float64Array(1e6);

/** What is no data: it throws, never ends, or is far too large. */
const tricks: Readonly<Record<string, (text: string, size: number) => unknown>> = {
  ...Object.fromEntries(
    ['get', 'ownKeys', 'has', 'getOwnPropertyDescriptor', 'getPrototypeOf'].flatMap((trap) => [
      [`object: ${trap} throws`, () => new Proxy({ a: 1, b: [2] }, { [trap]: fail })],
      [`array: ${trap} throws`, () => new Proxy([1, 2, 3], { [trap]: fail })],
    ]),
  ),
  ...Object.fromEntries(
    [{}, [], fail].map((inner) => [
      `revoked ${typeof inner} ${Array.isArray(inner)}`,
      () => {
        const { proxy, revoke } = Proxy.revocable(inner, {});
        revoke();
        return proxy;
      },
    ]),
  ),
  'toJSON throws': () => ({ toJSON: fail, a: 1 }),
  'toJSON gives nothing': () => ({ toJSON: () => undefined, a: 1 }),
  'toJSON gives a BigInt': () => ({ toJSON: () => 1n }),
  'toJSON gives another': () => ({ toJSON: () => ({ toJSON: fail }) }),
  'toJSON gives what has no end': () => ({ toJSON: endless }),
  'toJSON of a text': (text) => ({ toJSON: () => text }),
  'getter throws': (text) => Object.defineProperty({ a: 1 }, text, { enumerable: true, get: fail }),
  inherited: (text) => Object.assign(Object.create({ inherited: text }) as object, { own: text }),
  function: () => fail,
  symbol: (text) => Symbol(text),
  error: (text) => Object.assign(new Error(text), { code: text }),
  'no date': () => new Date(Number.NaN),
  'large BigInt': (_text, size) => 2n ** BigInt(size),
  circle,
  endless,
  deep(_text, size) {
    let value: unknown = 'x';
    for (let i = 0; i < size / 10; i++) value = i % 2 === 0 ? [value] : { value };
    return value;
  },
  wide: (_text, size) => Object.fromEntries(Array.from({ length: size }, (_, i) => [`member ${i}`, i])),
  long: (text, size) => text.slice(0, 300).repeat(size),
  'long list of texts': (text, size) => Array.from({ length: size }, () => text),
  'endless list': () => Object.assign([], { length: 1e9 }),
  'bytes, a few': (text) => Buffer.from(text),
  'bytes, many': () => manyBytes,
  'numbers, many': () => manyNumbers,
};

function circle(): object {
  const list: unknown[] = [1];
  const value = { list, self: {} };
  list.push(value, list);
  value.self = value;
  return value;
}

/** An object whose member is made anew whenever it is read, without end. */
function endless(): object {
  return {
    name: 'x',
    get next() {
      return endless();
    },
  };
}

/** How to make a value: fast-check looks into what it generates, and not all of these can be looked into. */
type Recipe =
  | { readonly data: unknown }
  | { readonly trick: string; readonly text: string; readonly size: number }
  | { readonly list: readonly Recipe[] };

function make(recipe: Recipe): unknown {
  if ('data' in recipe) return recipe.data;
  if ('list' in recipe) return recipe.list.map(make);
  return tricks[recipe.trick]!(recipe.text, recipe.size);
}

const data: Arbitrary<unknown> = anything({
  maxDepth: 4,
  withBigInt: true,
  withBoxedValues: true,
  withDate: true,
  withMap: true,
  withSet: true,
  withNullPrototype: true,
  withObjectString: true,
  withSparseArray: true,
  withTypedArray: true,
});
const trick = record({ trick: constantFrom(...Object.keys(tricks)), text: anyText, size: nat(3000) });
const recipe: Arbitrary<Recipe> = oneof(
  { weight: 3, arbitrary: trick },
  { weight: 1, arbitrary: array(trick, { maxLength: 4 }).map((list) => ({ list })) },
  { weight: 2, arbitrary: data.map((any) => ({ data: any })) },
);
const members = array(tuple(oneof(anyText, constantFrom(...propertyNames)), recipe), { maxLength: 5 });

/** In the ring, with its neighbours. */
const maxLength = 100_000;

const ringBytes = Buffer.alloc(4096);

/** As it is written into a ring; undefined where that is left to `stringifyInfo`. */
function quickly(info: unknown): string | undefined {
  try {
    const end = putMembers(ringBytes, 0, ringBytes.length, info as Info);
    return end < 0 ? undefined : ringBytes.toString('utf8', 0, end);
  } catch {
    return undefined;
  }
}

function readBack(info: unknown): Info {
  const written = stringifyInfo(info as Info);
  assert.ok([undefined, written].includes(quickly(info)), 'the two ways to write it differ');
  const text = `${written}}`;
  assert.ok(text.length <= maxLength, `${text.length} characters`);
  // oxlint-disable-next-line no-control-regex -- an event is one line
  assert.doesNotMatch(text, /[\0-\x1f]/);
  const read: unknown = JSON.parse(text);
  assert.ok(typeof read === 'object' && read !== null && !Array.isArray(read));
  return read as Info;
}

export const infoTargets = [
  target({
    name: 'info: one bad member costs the others nothing, and what comes out is JSON of a bounded length',
    share: 30,
    input: members,
    check(recipes) {
      const bad = recipes
        .filter(([name]) => name !== 'toJSON')
        .map(([name, how]) => [name, make(how)] as const);
      const read = readBack(Object.fromEntries([['first', 'here'], ...bad, ['last', [1, { a: 2 }]]]));
      assert.deepEqual(read['last'], [1, { a: 2 }]);
      if (!bad.some(([name]) => name === 'first')) assert.equal(read['first'], 'here');
    },
  }),
  target({
    name: 'info: any value in the place of an info object, a name or an error gives a good event',
    share: 15,
    input: recipe,
    check(how) {
      readBack(make(how));
      readBack(failure(make(how)));
      assert.match(pointName(make(how)), /^[\p{L}\p{N}_.:/ ]{1,100}$/u);
    },
  }),
];
