import assert from 'node:assert/strict';
import { test } from 'node:test';

import { viewWith } from '../src/hooks/view.js';

class Options {
  #secret = 'kept';
  plain = 1;
  declare own?: string;
  get inherited(): string {
    return this.#secret;
  }
  static make(): Options {
    const options = new Options();
    Object.defineProperty(options, 'own', {
      get: () => options.#secret,
      enumerable: true,
      configurable: true,
    });
    return options;
  }
}

/** All that can be seen of an object. */
const looks = (object: object): unknown => [
  Object.entries(Object.getOwnPropertyDescriptors(object)).map(([key, { enumerable, writable }]) => [
    key,
    enumerable,
    writable,
  ]),
  Object.getPrototypeOf(object) === Options.prototype,
  Object.isFrozen(object),
];

const changes: Readonly<Record<string, (view: Options & { added?: number }) => void>> = {
  'a property is set': (view) => void (view.plain = 5),
  'a property is added': (view) => void (view.added = 5),
  'a property is deleted': (view) => assert.ok(Reflect.deleteProperty(view, 'plain')),
  'a given property is deleted': (view) => assert.ok(Reflect.deleteProperty(view, 'more')),
  'a property is defined': (view) => void Object.defineProperty(view, 'plain', { value: 5 }),
  'it is frozen': (view) => void Object.freeze(view),
  'it is sealed': (view) => void Object.seal(view),
  'it gets another prototype': (view) => void Object.setPrototypeOf(view, null),
};

for (const [what, change] of Object.entries(changes)) {
  for (const state of ['open', 'frozen']) {
    test(`${state}: an object stays as it is when its view is changed: ${what}`, () => {
      const original = Options.make();
      if (state === 'frozen') Object.freeze(original);
      const before = looks(original);
      const view = viewWith(original, { more: 2 });
      // What the same does to an object of its own.
      const plain = Object.assign(Object.create(Options.prototype) as Options, {
        plain: 1,
        own: 'kept',
        more: 2,
      });
      change(view);
      change(plain);
      assert.deepEqual(looks(original), before);
      assert.deepEqual(Object.keys(view).toSorted(), Object.keys(plain).toSorted());
      assert.deepEqual({ ...view }, { ...plain });
      assert.equal('plain' in view, 'plain' in plain);
      assert.equal('inherited' in view, 'inherited' in plain);
      assert.equal(Object.getPrototypeOf(view), Object.getPrototypeOf(plain));
      assert.equal(Object.isExtensible(view), Object.isExtensible(plain));
      assert.equal(Object.isFrozen(view), Object.isFrozen(plain));
      assert.equal(view.own, 'kept');
      if ('inherited' in plain) assert.equal(view.inherited, 'kept', 'a private field');
    });
  }
}
