// Prints whether what is imported is what the modules export, and what was asked of Node's module hooks.
import { createRequire } from 'node:module';

import exported from './exported.cjs';
import * as namespace from './exported.mjs';
import packages from './packages.cjs';

const require = createRequire(import.meta.url);
class Derived extends namespace.Base {}
const before = namespace.count;
namespace.grow();

const identical = {
  own: exported === globalThis.exported,
  namespace: namespace.default === namespace,
  live: before === 0 && namespace.count === 1,
  class: new Derived() instanceof namespace.Base,
};
const shapes = {};
for (const name of packages.names) {
  const imported = await import(name);
  identical[name] = imported.default === require(name);
  shapes[name] = Object.getOwnPropertyNames(imported);
}
for (const name of packages.builtins) identical[name] = (await import(name)).default === require(name);
console.log(JSON.stringify({ identical, shapes, counted: globalThis.counted }));
