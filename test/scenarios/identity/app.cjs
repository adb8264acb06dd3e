// Prints whether what is required is what the modules export, and what was asked of Node's module hooks.
const { names, builtins } = require('./packages.cjs');

const identical = { own: require('./exported.cjs') === globalThis.exported };
const shapes = {};
for (const name of names) {
  const exported = require(name);
  identical[name] = exported === require.cache[require.resolve(name)].exports && exported === require(name);
  shapes[name] = Object.getOwnPropertyNames(exported);
}
for (const name of builtins) identical[name] = require(name) === require(`node:${name}`);
console.log(JSON.stringify({ identical, shapes, counted: globalThis.counted }));
