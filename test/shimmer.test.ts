// shimmer, with which other agents wrap the functions that this one wraps too: in either order each wrapper runs once,
// and what shimmer takes off is its own. OpenTelemetry's instrumentations have a copy of it.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { patch } from '../src/hooks/patch.js';

type Method = (this: unknown, ...args: unknown[]) => unknown;
type Wrapper = (original: Method) => Method;

/** What instrumentations use of shimmer, which has no types of its own. */
interface Shimmer {
  (options: { readonly logger: (message: string) => void }): void;
  wrap(owner: object, name: string, wrapper: Wrapper): void;
  unwrap(owner: object, name: string): void;
  massWrap(owners: readonly object[], names: readonly string[], wrapper: Wrapper): void;
  massUnwrap(owners: readonly object[], names: readonly string[]): void;
}
const shimmer = require('shimmer') as Shimmer;
const said: string[] = [];
shimmer({ logger: (message) => said.push(message) });

type Name = 'query' | 'connect';

/** What a library gives an application: each method tells which wrappers a call of it has passed. */
interface Client extends Record<Name, (text: unknown) => unknown> {
  passed?: string[];
}

/** Each is a test's own. The methods of a class are not enumerable, those of `exports` are. */
const owners = {
  'a prototype': (): Client =>
    class {
      declare passed: string[];
      query(text: unknown): unknown {
        return [...this.passed, text];
      }
      connect(text: unknown): unknown {
        return this.query(text);
      }
    }.prototype,
  exports: (): Client => {
    const { query, connect } = owners['a prototype']();
    return { query, connect };
  },
} as const;

/** A wrapper that says that it was passed. */
const saying =
  (who: string): Wrapper =>
  (original) =>
    function (this: unknown, ...args) {
      (this as { passed: string[] }).passed.push(who);
      return Reflect.apply(original, this, args);
    };

/** What a call passes on its way to the original, outermost first. */
function passedBy(owner: Client, name: Name = 'query'): unknown {
  const self: Client = Object.assign(Object.create(owner) as Client, { passed: [] });
  return self[name]('text');
}

const ours = (owner: Client, name: Name = 'query'): void => patch(owner, name, saying('ours'));
const theirs = (owner: Client, who = 'theirs'): void => shimmer.wrap(owner, 'query', saying(who));

/** As OpenTelemetry asks it before it wraps, to take off what it finds. */
function isWrapped(fn: unknown): boolean {
  const { __original, __unwrap, __wrapped } = fn as Record<string, unknown>;
  return typeof __original === 'function' && typeof __unwrap === 'function' && __wrapped === true;
}

/** As OpenTelemetry's instrumentations put their wrapper there. */
function instrument(owner: Client): void {
  if (isWrapped(owner.query)) shimmer.unwrap(owner, 'query');
  theirs(owner);
}

for (const [what, make] of Object.entries(owners)) {
  test(`${what}, theirs over ours: both are passed, and theirs comes off`, () => {
    const owner = make();
    ours(owner);
    const own = owner.query;
    assert.ok(!isWrapped(own), 'theirs would take ours off');
    theirs(owner);
    assert.deepEqual(passedBy(owner), ['theirs', 'ours', 'text']);
    shimmer.unwrap(owner, 'query');
    assert.equal(owner.query, own);
    assert.deepEqual(passedBy(owner), ['ours', 'text']);
  });

  test(`${what}, ours over theirs: both are passed, and theirs comes off from under ours`, () => {
    const owner = make();
    theirs(owner);
    ours(owner);
    assert.deepEqual(passedBy(owner), ['ours', 'theirs', 'text']);
    assert.ok(isWrapped(owner.query), 'they would wrap it twice');
    shimmer.unwrap(owner, 'query');
    assert.deepEqual(passedBy(owner), ['ours', 'text']);
    assert.ok(!isWrapped(owner.query));
  });

  test(`${what}: an instrumentation that takes its wrapper off, and puts it on again, is passed once`, () => {
    for (const first of [ours, theirs]) {
      const owner = make();
      first(owner);
      ours(owner);
      for (let times = 0; times < 3; times++) {
        instrument(owner);
        assert.deepEqual(passedBy(owner), ['theirs', 'ours', 'text'], `${first.name} first, ${times}`);
      }
    }
  });

  test(`${what}: whether a name is enumerable is as it was, whoever wraps and unwraps it`, () => {
    const owner = make();
    const isEnumerable = (): boolean => Object.prototype.propertyIsEnumerable.call(owner, 'query');
    const before = isEnumerable();
    for (const step of [theirs, ours, instrument, () => shimmer.unwrap(owner, 'query')]) {
      step(owner);
      assert.equal(isEnumerable(), before);
    }
  });
}

test('of several wrappers of theirs below ours, the last comes off first', () => {
  const owner = owners['a prototype']();
  theirs(owner, 'first');
  theirs(owner, 'second');
  ours(owner);
  assert.deepEqual(passedBy(owner), ['ours', 'second', 'first', 'text']);
  shimmer.unwrap(owner, 'query');
  assert.deepEqual(passedBy(owner), ['ours', 'first', 'text']);
  shimmer.unwrap(owner, 'query');
  assert.deepEqual(passedBy(owner), ['ours', 'text']);
});

test('massWrap and massUnwrap, in both orders', () => {
  const names: readonly Name[] = ['query', 'connect'];
  const [under, over] = [owners['a prototype'](), owners.exports()];
  const both = [under, over];
  for (const name of names) ours(under, name);
  shimmer.massWrap(both, names, saying('theirs'));
  for (const name of names) ours(over, name);
  assert.deepEqual(passedBy(under), ['theirs', 'ours', 'text']);
  assert.deepEqual(passedBy(over), ['ours', 'theirs', 'text']);
  shimmer.massUnwrap(both, names);
  for (const owner of both) {
    assert.deepEqual(passedBy(owner), ['ours', 'text']);
    assert.deepEqual(passedBy(owner, 'connect'), ['ours', 'ours', 'text']);
  }
});

test('a wrapper that is no more the outermost one takes nothing off, as with shimmer alone', () => {
  const owner = owners['a prototype']();
  theirs(owner);
  ours(owner);
  const { __unwrap: unwrap } = owner.query as unknown as { __unwrap(): void };
  theirs(owner, 'last');
  unwrap();
  assert.deepEqual(passedBy(owner), ['last', 'ours', 'theirs', 'text']);
});

test('where nothing of theirs is, shimmer says so, and ours stays', () => {
  const owner = owners['a prototype']();
  ours(owner);
  assert.deepEqual(said, [], 'it had to say something before');
  shimmer.unwrap(owner, 'query');
  assert.deepEqual(said, ['no original to unwrap to -- has query already been unwrapped?']);
  assert.deepEqual(passedBy(owner), ['ours', 'text']);
});
