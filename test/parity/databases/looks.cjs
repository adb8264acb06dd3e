// What the files of cases about the databases share.
const { AsyncLocalStorage } = require('node:async_hooks');
const { inspect } = require('node:util');

/** A storage of the application's own. */
const own = new AsyncLocalStorage();

/** Every own property of a value with its descriptor: the surface of a module, a class or a prototype. */
function surface(value) {
  return Reflect.ownKeys(value).map((name) => {
    const { get, set, value: member, ...flags } = Object.getOwnPropertyDescriptor(value, name);
    const isShown = typeof member === 'function' || typeof member !== 'object' || member === null;
    return [String(name), { get, set, ...flags, member: isShown ? member : typeof member }];
  });
}

/** A class with its statics and prototype. */
const classOf = (constructor) => [constructor, surface(constructor), surface(constructor.prototype)];

/** Calls with a callback that records what it is called with, and resolves with it. */
function told(seen, label, call) {
  return new Promise((resolve) => {
    const result = call(function callback(...args) {
      seen(label, { by: this?.constructor?.name, store: own.getStore(), args });
      resolve(args);
    });
    if (result !== undefined) seen(`${label}, returned`, result?.constructor?.name ?? result);
  });
}

/** Records how a promise settles, and what it is. */
async function settled(seen, label, promise) {
  seen(`${label}, returned`, promise);
  try {
    seen(label, await promise);
  } catch (error) {
    seen(label, error);
  }
}

/** Records an error without its stack: how it is awaited, when it comes, is a race of two connections. */
async function failed(seen, label, promise) {
  try {
    seen(label, { settled: await promise });
  } catch (error) {
    seen(label, [error.constructor.name, error.message, error.code]);
  }
}

/** What a call throws, or that it does not. */
function thrown(seen, label, call) {
  try {
    seen(label, { returned: call() });
  } catch (error) {
    seen(label, error);
  }
}

/** How many listeners an emitter has of each event. */
const listeners = (emitter) =>
  emitter.eventNames().map((name) => [String(name), emitter.listenerCount(name)]);

/** What printing shows, without what differs from run to run. */
const printed = (value, options) =>
  inspect(value, { depth: 0, ...options }).replace(
    /(processID|secretKey|threadId|connectionId|lastActiveTime|_internalId): -?\d+/g,
    '$1: 0',
  );

/** Waits until a condition holds. */
async function until(condition) {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2));
}

module.exports = { own, surface, classOf, told, settled, failed, thrown, listeners, printed, until };
