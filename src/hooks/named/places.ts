// Finds the functions that a configuration names among the exports of a module, and puts wrappers in their places.
import { messageOf } from '../../trace/notice.js';
import type { Callback } from '../calls/call.js';
import { isClass, isRecording, lookingAt, wrapperOf } from './functions.js';
import { classOf, isOfNode, whyNoClass } from './classes.js';
import { putIn } from './put.js';
import { marks } from './stand-in.js';

/** An export, step by step: `createClient().get` calls `createClient`, and names `get` of what that gives. */
interface Step {
  readonly name: string;
  readonly isCall: boolean;
}

export const stepsOf = (text: string): readonly Step[] =>
  text.split('.').map((part) => ({ name: part.replace('()', ''), isCall: part.endsWith('()') }));

/** Makes points of functions, and learns what became of each place. */
export interface Placing {
  /**
   * Makes points of the calls of a function, if there may be more.
   *
   * @param put puts the wrapper in the function's place; false if the place is read-only
   */
  wrap(fn: Callback, label: string, put: (wrapper: Callback) => boolean): void;
  skipped(label: string, why: string): void;
  /** The module is Node's own. */
  readonly isNode: boolean;
}

type Owner = Record<string, unknown>;

/** Where a module keeps its exports: an object whose properties may be read-only and may be getters. */
export interface Exports {
  /** The name of the module, for its default export. */
  readonly name: string;
  /** The value of an export. That of a getter is not asked for: its code is the application's. */
  get(name: string): unknown;
  names(): readonly string[];
  /** @returns false if the export is read-only */
  set(name: string, value: unknown): boolean;
  /** The kind of an export. `made`: a getter by which a compiler exports a variable, or what another module exports. */
  kindOf?(name: string): 'value' | 'getter' | 'made';
  /**
   * Leaves an export that is a getter to the first who reads it: it may load half a package.
   *
   * @param replace gives what the reader gets in the value's place
   * @returns false if the getter cannot be replaced
   */
  defer?(name: string, replace: (value: unknown) => unknown): boolean;
}

/**
 * Puts wrappers in the places that an export names.
 *
 * @returns how many places there are, wrapped or not
 */
export function place(exports: Exports, steps: readonly Step[], placing: Placing): number {
  const [{ name }] = steps as [Step, ...Step[]];
  let count = 0;
  for (const each of name === '*' ? exports.names() : [name]) {
    try {
      count += placeOne(exports, each, steps, placing);
    } catch (error) {
      placing.skipped(each, messageOf(error)); // a variable that is not there yet, or a Proxy of the application
    }
  }
  return count;
}

function placeOne(exports: Exports, name: string, steps: readonly Step[], placing: Placing): number {
  const kind = exports.kindOf?.(name) ?? 'value';
  if (kind === 'getter' && steps[0]!.name === '*') {
    placing.skipped(name, 'a getter');
    return 1;
  }
  if (kind !== 'value') {
    const replace = (value: unknown): unknown => {
      let its = value;
      placeValue(value, name, exports.name, steps, placing, (wrapper) => ((its = wrapper), true));
      return its;
    };
    if (exports.defer?.(name, replace) !== true) placing.skipped(name, 'its export is read-only');
    return 1;
  }
  const value = exports.get(name);
  return placeValue(value, name, exports.name, steps, placing, (wrapper) => exports.set(name, wrapper));
}

/** Goes on from the value of an export, which `put` replaces. */
function placeValue(
  value: unknown,
  name: string,
  module: string,
  [step, ...rest]: readonly Step[],
  placing: Placing,
  put: (wrapper: Callback) => boolean,
): number {
  const { name: asked, isCall } = step!;
  const label = name === 'default' ? nameOf(value, module) : name;
  if (rest.length > 0 && !isCall) return within(value, rest, label, placing);
  if (typeof value !== 'function') return 0;
  const fn = value as Callback;
  if (isCall) {
    const wrapper = lookingAt(fn, look(rest, label, placing));
    if (wrapper !== fn && !put(wrapper)) placing.skipped(label, 'its export is read-only');
  } else if (asked === '*' && isClass(fn)) {
    placing.skipped(label, `a class; name its methods, as in ${name}.prototype.*`);
  } else wrap(fn, label, placing, put);
  return 1;
}

const nameOf = (value: unknown, otherwise: string): string =>
  (typeof value === 'function' && value.name !== 'default' && value.name) || otherwise;

function wrap(fn: Callback, label: string, placing: Placing, put: (wrapper: Callback) => boolean): void {
  if (isRecording(fn)) return;
  const why = whyNoClass(fn);
  if (why === undefined) placing.wrap(fn, label, put);
  else placing.skipped(label, why);
}

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
    if (!putIn(owner, name, wrapper)) placing.skipped(`${label}.${name}`, 'read-only');
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
    const put = (get: Callback): boolean => Reflect.defineProperty(owner, name, { ...found, get });
    placing.wrap(found.get as Callback, `get ${its}`, put);
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
  const of = isPrototype ? owner : classOf(owner);
  const isNodes = of !== undefined && (placing.isNode || isOfNode(of));
  if (isNodes) {
    placing.skipped(`${label}.*`, 'Node.js compares these methods with its own; name each one to record');
    if (isPrototype) return 1;
    count++;
  }
  for (const [name, { value, get }] of methodsOf(owner, isNodes ? undefined : of)) {
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

const ofFunctions: ReadonlySet<string> = new Set([
  'length',
  'name',
  'prototype',
  'arguments',
  'caller',
  'super_',
]);

/** @param of the prototype of an object, whose methods are meant as well */
function methodsOf(owner: Owner, of: object | undefined): readonly (readonly [string, PropertyDescriptor])[] {
  const own = Object.entries(Object.getOwnPropertyDescriptors(owner)).filter(([name]) => !marks.has(name));
  if (typeof owner === 'function') return own.filter(([name]) => !ofFunctions.has(name));
  const names = new Set(own.map(([name]) => name));
  const its = of === undefined || of === owner ? [] : Object.entries(Object.getOwnPropertyDescriptors(of));
  return [...own, ...its.filter(([name]) => !names.has(name))];
}

function wrapIn(owner: Owner, name: string, fn: Callback, label: string, placing: Placing): void {
  const its = wrapperOf(fn);
  // An inherited method that is a wrapper already gets a place of its own.
  if (isRecording(fn) && !Object.hasOwn(owner, name) && !putIn(owner, name, its))
    placing.skipped(label, 'read-only');
  wrap(fn, label, placing, (wrapper) => putIn(owner, name, wrapper));
}
