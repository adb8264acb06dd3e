// Finds the functions that a configuration names among the exports of a module, and puts wrappers in their places.
import { EventEmitter } from 'node:events';

import type { Callback } from '../calls/call.js';
import { isClass, isRecording, lookingAt } from './functions.js';

interface Shimmer {
  wrap(owner: object, name: string, wrapper: (original: unknown) => unknown): void;
}
const shimmer = require('shimmer') as Shimmer;

/** An export, step by step: `createClient().get` calls `createClient`, and names `get` of what that gives. */
interface Step {
  readonly name: string;
  readonly isCall: boolean;
}

export const stepsOf = (text: string): readonly Step[] =>
  text.split('.').map((part) => ({ name: part.replace('()', ''), isCall: part.endsWith('()') }));

/** Makes the wrapper of a function, and learns what became of each place. */
export interface Placing {
  /** Undefined if there may be no more wrappers. */
  wrap(fn: Callback, label: string): Callback | undefined;
  skipped(label: string, why: string): void;
}

type Owner = Record<string, unknown>;

/** Where a module keeps its exports: an object whose properties may be read-only and may be getters. */
export interface Exports {
  /** The name of the module, for its default export. */
  readonly name: string;
  get(name: string): unknown;
  names(): readonly string[];
  /** @returns false if the export is read-only */
  set(name: string, value: unknown): boolean;
  /**
   * Leaves an export that is a getter to the first who reads it: it may load half a package.
   *
   * @param replace gives what the reader gets in the value's place
   * @returns false if the export is no getter
   */
  defer?(name: string, replace: (value: unknown) => unknown): boolean;
}

/**
 * Puts wrappers in the places that an export names.
 *
 * @returns how many places there are, wrapped or not
 */
export function place(exports: Exports, steps: readonly Step[], placing: Placing): number {
  const [{ name, isCall }, ...rest] = steps as [Step, ...Step[]];
  const isAll = name === '*';
  let count = 0;
  for (const each of isAll ? exports.names() : [name]) {
    const replace = (value: unknown): Replaced => {
      const label = each === 'default' ? nameOf(value, exports.name) : each;
      if (rest.length > 0 && !isCall) return { value, count: within(value, rest, label, placing) };
      if (typeof value !== 'function') return { value, count: 0 };
      const fn = value as Callback;
      if (isCall) return { value: lookingAt(fn, look(rest, label, placing)), count: 1 };
      if (!isAll || !isClass(fn)) return { value: wrapperOf(fn, label, placing), count: 1 };
      placing.skipped(label, `a class; name its methods, as in ${label}.prototype.*`);
      return { value, count: 1 };
    };
    if (exports.defer?.(each, (value) => replace(value).value) === true) {
      count++;
      continue;
    }
    const value = exports.get(each);
    const replaced = replace(value);
    count += replaced.count;
    if (replaced.value !== value && !exports.set(each, replaced.value))
      placing.skipped(each, 'its export is read-only');
  }
  return count;
}

/** What stands in the place of an export, and how many places there are in it. */
interface Replaced {
  readonly value: unknown;
  readonly count: number;
}

const nameOf = (value: unknown, otherwise: string): string =>
  (typeof value === 'function' && value.name !== 'default' && value.name) || otherwise;

/** The same function if it must not be wrapped, or is a wrapper. */
function wrapperOf(fn: Callback, label: string, placing: Placing): Callback {
  if (isRecording(fn)) return fn;
  const why = whyNoClass(fn);
  if (why !== undefined) placing.skipped(label, why);
  return (why === undefined ? placing.wrap(fn, label) : undefined) ?? fn;
}

/** A class is wrapped by a Proxy, which has no private members of its own. */
const whyNoClass = (fn: Callback): string | undefined =>
  isClass(fn) && /\bstatic\b[^;{]*#/.test(Function.prototype.toString.call(fn))
    ? 'a class with private static members'
    : undefined;

const look =
  (steps: readonly Step[], label: string, placing: Placing) =>
  (result: object): void => {
    within(result, steps, `${label}()`, placing);
  };

/** Goes on from an object, a class or a prototype. */
function within(value: unknown, steps: readonly Step[], label: string, placing: Placing): number {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return 0;
  const owner = value as Owner;
  const [first, ...rest] = steps;
  const { name, isCall } = first!;
  if (name === '*') return all(owner, label, placing);
  if (rest.length === 0) return one(owner, name, label, placing);
  if (isCall) {
    const fn = owner[name];
    if (typeof fn !== 'function') return 0;
    const wrapper = lookingAt(fn as Callback, look(rest, `${label}.${name}`, placing));
    if (!put(owner, name, wrapper)) placing.skipped(`${label}.${name}`, 'read-only');
    return 1;
  }
  const next = name === 'prototype' ? label : `${label}.${name}`;
  return within(read(owner, name), rest, next, placing);
}

function read(owner: Owner, name: string): unknown {
  try {
    return owner[name];
  } catch {
    return undefined; // a getter of the application threw
  }
}

/** The method of this name, also one that is inherited, or a getter. */
function one(owner: Owner, name: string, label: string, placing: Placing): number {
  const found = find(owner, name);
  // `Client.charge` means a method of its objects where the class has none of its own.
  if (found === undefined && typeof owner['prototype'] === 'object') {
    return one(owner['prototype'] as Owner, name, label, placing);
  }
  if (found === undefined) return 0;
  const its = `${label}.${name}`;
  if (found.get !== undefined) {
    const get = placing.wrap(found.get as Callback, `get ${its}`);
    if (get !== undefined && !Reflect.defineProperty(owner, name, { ...found, get }))
      placing.skipped(its, 'read-only');
    return 1;
  }
  if (typeof found.value !== 'function') return 0;
  wrapIn(owner, name, found.value as Callback, its, placing);
  return 1;
}

function find(owner: object, name: string): PropertyDescriptor | undefined {
  for (let each: object | null = owner; each !== null; each = Object.getPrototypeOf(each) as object | null) {
    const own = Object.getOwnPropertyDescriptor(each, name);
    if (own !== undefined) return own;
  }
  return undefined;
}

/** Methods of its own. Those of the class of an object are meant as well, and are wrapped in the object alone. */
function all(owner: Owner, label: string, placing: Placing): number {
  let count = 0;
  const isPrototype = Object.hasOwn(owner, 'constructor');
  for (const [name, { value, get }] of methodsOf(owner)) {
    const its = `${label}.${name}`;
    if (name === 'constructor' || (typeof value !== 'function' && get === undefined)) continue;
    count++;
    if (get !== undefined) placing.skipped(its, 'a getter');
    else if (name.startsWith('_')) placing.skipped(its, 'private, by its name');
    else if (isClass(value)) placing.skipped(its, 'a class');
    else wrapIn(owner, name, value as Callback, its, placing);
  }
  if (count === 0 && isPrototype) placing.skipped(label, 'it has no methods of its own');
  return count;
}

const ofFunctions: ReadonlySet<string> = new Set(['length', 'name', 'prototype', 'arguments', 'caller']);

function methodsOf(owner: Owner): readonly (readonly [string, PropertyDescriptor])[] {
  const own = Object.entries(Object.getOwnPropertyDescriptors(owner));
  if (typeof owner === 'function') return own.filter(([name]) => !ofFunctions.has(name));
  const prototype = Object.getPrototypeOf(owner) as object | null;
  const isInstance = !Object.hasOwn(owner, 'constructor') && prototype !== null && !isBuiltIn(prototype);
  const names = new Set(own.map(([name]) => name));
  const its = isInstance ? Object.entries(Object.getOwnPropertyDescriptors(prototype)) : [];
  return [...own, ...its.filter(([name]) => !names.has(name))];
}

/** Whether a class is the language's own, or that of emitters: its methods are not what is meant. */
function isBuiltIn(prototype: object): boolean {
  const { constructor } = prototype as { constructor?: unknown };
  return (
    typeof constructor !== 'function' ||
    constructor === EventEmitter ||
    Function.prototype.toString.call(constructor).includes('[native code]')
  );
}

function wrapIn(owner: Owner, name: string, fn: Callback, label: string, placing: Placing): void {
  const wrapper = wrapperOf(fn, label, placing);
  const isThere = wrapper === fn && Object.hasOwn(owner, name);
  if (!isThere && !put(owner, name, wrapper)) placing.skipped(label, 'read-only');
}

/** Puts a wrapper in the place of a function; false if the place is read-only. */
export function put(owner: object, name: string, wrapper: unknown): boolean {
  const own = Object.getOwnPropertyDescriptor(owner, name);
  if (own === undefined ? !Object.isExtensible(owner) : !own.configurable) {
    return own?.writable === true && Reflect.set(owner, name, wrapper);
  }
  // shimmer needs an object that inherits from `Object`, which the exports of a module do not.
  const isWhole = typeof (owner as { propertyIsEnumerable?: unknown }).propertyIsEnumerable === 'function';
  const box: Owner = isWhole ? (owner as Owner) : { [name]: (owner as Owner)[name] };
  shimmer.wrap(box, name, () => wrapper);
  return isWhole || Reflect.set(owner, name, wrapper);
}
