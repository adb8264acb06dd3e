// Tells the classes that must be left alone: those of Node, and those that would not find their own static members.
import { EventEmitter } from 'node:events';

import type { Callback } from '../calls/call.js';
import { isClass, textOf } from './functions.js';

/** The modules of Node that export classes of objects which an application uses. */
const modules =
  'events stream fs net tls http https http2 dgram zlib crypto tty child_process worker_threads cluster readline readline/promises dns url buffer string_decoder async_hooks diagnostics_channel perf_hooks vm repl util assert'.split(
    ' ',
  );

const known = new WeakMap<object, boolean>();

/**
 * Whether a prototype is that of a class that Node exports, such as a stream of a file. Node compares the methods of
 * its objects with its own, and does something else if they are others.
 */
export function isOfNode(prototype: object): boolean {
  let is = known.get(prototype);
  if (is === undefined) known.set(prototype, (is = loaded().some((name) => exportsClass(name, prototype))));
  return is;
}

/** A module that is not loaded has made no object. */
function loaded(): readonly string[] {
  const { moduleLoadList } = process as unknown as { readonly moduleLoadList: readonly string[] };
  return modules.filter((name) => moduleLoadList.includes(`NativeModule ${name}`));
}

function exportsClass(name: string, prototype: object): boolean {
  const exports = process.getBuiltinModule(name) as Record<string, unknown>;
  return Object.entries(Object.getOwnPropertyDescriptors(exports)).some(([key, { value, get }]) => {
    // Other getters load something, or warn of what is deprecated.
    const its: unknown = get !== undefined && name === 'fs' && key.endsWith('Stream') ? exports[key] : value;
    return typeof its === 'function' && Object.hasOwn(its, 'prototype') && its.prototype === prototype;
  });
}

/** A class is wrapped by a Proxy, which has no private members of its own. */
export function whyNoClass(fn: Callback): string | undefined {
  if (!isClass(fn))
    return hasMethodsOfItself(fn) ? 'its static functions use `this`, which would be the wrapper' : undefined;
  if (/\bstatic\b[^;{]*#/.test(textOf(fn))) return 'a class with private static members';
  return Object.isExtensible(fn) ? undefined : 'a class that is frozen';
}

/** A class that was compiled to a function has its static members as functions, as well as other classes. */
const hasMethodsOfItself = (fn: Callback): boolean =>
  Object.hasOwn(fn, 'prototype') &&
  Object.getOwnPropertyNames((fn as unknown as { prototype: unknown }).prototype ?? {}).length > 1 &&
  Object.entries(Object.getOwnPropertyDescriptors(fn)).some(
    ([name, { value, get }]) => name !== 'super_' && (usesThis(value) || usesThis(get)),
  );

const usesThis = (value: unknown): boolean =>
  typeof value === 'function' && !isClass(value) && /\bthis\b/.test(textOf(value as Callback));

/** The prototype of an object, unless it is the language's own or that of emitters: their methods are not what is meant. */
export function classOf(owner: object): object | undefined {
  const prototype = Object.getPrototypeOf(owner) as object | null;
  if (typeof owner === 'function' || prototype === null) return undefined;
  const { constructor } = prototype as { constructor?: unknown };
  const isOther = typeof constructor === 'function' && constructor !== EventEmitter;
  return isOther && !Function.prototype.toString.call(constructor).includes('[native code]')
    ? prototype
    : undefined;
}
