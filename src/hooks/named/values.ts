// Writes values as people read them, without their secrets. No code of the application runs for it: no getter, no trap
// of a Proxy, no `toString`, no `inspect` of its own. What is not known to be harmless is written by its class alone.
import { EventEmitter } from 'node:events';
import { URL } from 'node:url';
import { inspect, types } from 'node:util';

import { requestTarget } from '../../redaction/url.js';
import { isSecretName } from '../../redaction/url-secrets.js';

/** The names on the way to a value: `0` and `id` of `[0].id`. */
export type Path = readonly string[];

/** Whether a value is not to be written. */
export type IsHidden = (at: Path) => boolean;

export const masked = "'***'";

const mostLevels = 3;
const mostItems = 10;
/** How many values are written in all; a list of lists of objects has more than anybody reads. */
const mostValues = 300;
const mostCharacters = 200;
const mostNameCharacters = 64;
const mostPrototypes = 20;

/** Writes one value; or several that have one limit. */
export class Writer {
  readonly #isHidden: IsHidden;
  #left = mostValues;

  constructor(isHidden: IsHidden) {
    this.#isHidden = isHidden;
  }

  /**
   * @param at where the value stands
   * @param levels how many levels of members are written
   */
  write(value: unknown, at: Path, levels = mostLevels): string {
    if (this.#isHidden(at)) return masked;
    if (typeof value === 'function') return `[Function: ${nameOf(value) || '(anonymous)'}]`;
    if (typeof value !== 'object' || value === null) return scalar(value);
    return types.isProxy(value) ? '[Proxy]' : this.#object(value, at, levels);
  }

  #object(value: object, at: Path, levels: number): string {
    if (types.isNativeError(value)) return errorOf(value);
    if (types.isDate(value)) return dateOf(value);
    const prototypes = prototypesOf(value);
    if (prototypes.includes(URL.prototype)) return urlOf(value);
    const name = classOf(prototypes);
    if (isOpaque(value, prototypes)) return `[${name || 'Object'}]`;
    const isList = Array.isArray(value);
    if (levels === 0) return isList ? '[Array]' : `[${name || 'Object'}]`;
    if (isList) return this.#list(value, at, levels);
    if (types.isMap(value)) return this.#map(value, at, levels);
    if (types.isSet(value)) return this.#set(value, at, levels);
    return this.#members(value, name, at, levels);
  }

  #list(list: readonly unknown[], at: Path, levels: number): string {
    const parts: string[] = [];
    let before: unknown;
    for (let i = 0; i < Math.min(list.length, mostItems) && this.#hasRoom(); i++) {
      const own = Object.getOwnPropertyDescriptor(list, i);
      // Names and values may take turns: `['password', 'x']`, and the headers of a request.
      const isAfterName = typeof before === 'string' && isName.test(before) && isSecretOf(before);
      parts.push(isAfterName ? masked : this.#member(own, String(i), at, levels));
      before = own?.value;
    }
    return joined('[', parts, ']', list.length - parts.length);
  }

  #map(map: ReadonlyMap<unknown, unknown>, at: Path, levels: number): string {
    const parts: string[] = [];
    const size = sizeOfMap(map);
    for (const [key, value] of entriesOf(map)) {
      if (parts.length >= mostItems || !this.#hasRoom()) break;
      const name = typeof key === 'string' ? key : '';
      const path = [...at, name];
      const shown = this.write(key, path, 0);
      parts.push(`${shown} => ${isSecretOf(name) ? masked : this.write(value, path, levels - 1)}`);
    }
    return `Map(${size}) ${joined('{', parts, '}', size - parts.length)}`;
  }

  #set(set: ReadonlySet<unknown>, at: Path, levels: number): string {
    const parts: string[] = [];
    const size = sizeOfSet(set);
    for (const value of valuesOf(set)) {
      if (parts.length >= mostItems || !this.#hasRoom()) break;
      parts.push(this.write(value, [...at, String(parts.length)], levels - 1));
    }
    return `Set(${size}) ${joined('{', parts, '}', size - parts.length)}`;
  }

  #members(value: object, name: string, at: Path, levels: number): string {
    const parts: string[] = [];
    const names = Object.keys(value);
    // Its state is not among its members, as that of Headers.
    if (names.length === 0 && name !== '') return `[${name}]`;
    for (const each of names) {
      if (!this.#hasRoom()) break;
      const own = Object.getOwnPropertyDescriptor(value, each);
      parts.push(`${keyOf(each)}: ${isSecretOf(each) ? masked : this.#member(own, each, at, levels)}`);
    }
    const open = name === '' ? '{' : `${name} {`;
    return joined(open, parts, '}', names.length - parts.length);
  }

  #member(own: PropertyDescriptor | undefined, name: string, at: Path, levels: number): string {
    const path = [...at, name];
    if (own === undefined) return this.#isHidden(path) ? masked : 'undefined';
    if ('value' in own) return this.write(own.value, path, levels - 1);
    if (this.#isHidden(path)) return masked;
    return own.get === undefined ? '[Setter]' : '[Getter]';
  }

  #hasRoom(): boolean {
    return this.#left-- > 0;
  }
}

/** Joins parts as in `[ a, b, ... 5 more items ]`. */
export function joined(open: string, parts: readonly string[], close: string, missing = 0): string {
  const all = missing > 0 ? [...parts, `... ${missing} more`] : parts;
  return all.length === 0 ? open + close : `${open} ${all.join(', ')} ${close}`;
}

/** Whether the name of a value tells of a secret; long names are looked at in part. */
export const isSecretOf = (name: string): boolean => isSecretName(name.slice(0, mostCharacters));

/** A name as it stands before a value. */
export function keyOf(name: string): string {
  const text = name.length > mostNameCharacters ? `${name.slice(0, mostNameCharacters)}…` : name;
  return /^[A-Za-z_$][\w$]*$/.test(text) ? text : inspect(text);
}

const isName = /^\S{1,64}$/;
const largest = 2n ** 1024n;

function scalar(value: unknown): string {
  // Writing a number of a million digits takes seconds.
  if (typeof value === 'bigint' && (value > largest || value < -largest)) return '[BigInt]';
  return inspect(value, { maxStringLength: mostCharacters });
}

// The methods of Node's own classes, as they were before the application ran.
const { entries: mapEntries } = Map.prototype;
const { values: setValues } = Set.prototype;
const { toISOString, getTime } = Date.prototype;
const getterOf = (owner: object, name: string): (() => unknown) =>
  Object.getOwnPropertyDescriptor(owner, name)!.get!;
const mapSize = getterOf(Map.prototype, 'size');
const setSize = getterOf(Set.prototype, 'size');
const href = getterOf(URL.prototype, 'href');

const entriesOf = (map: ReadonlyMap<unknown, unknown>): Iterable<[unknown, unknown]> =>
  Reflect.apply(mapEntries, map, []);
const valuesOf = (set: ReadonlySet<unknown>): Iterable<unknown> => Reflect.apply(setValues, set, []);
const sizeOfMap = (map: object): number => Reflect.apply(mapSize, map, []) as number;
const sizeOfSet = (set: object): number => Reflect.apply(setSize, set, []) as number;

/** Messages are written, and no other members: errors of clients have their requests and their configuration. */
function errorOf(error: Error): string {
  const message: unknown = Object.getOwnPropertyDescriptor(error, 'message')?.value;
  const name = classOf(prototypesOf(error)) || 'Error';
  if (typeof message !== 'string' || message === '') return `[${name}]`;
  const text = message.length > mostCharacters ? `${message.slice(0, mostCharacters)}…` : message;
  return `[${name}: ${text}]`;
}

const dateOf = (date: Date): string =>
  Number.isNaN(Reflect.apply(getTime, date, [])) ? 'Invalid Date' : Reflect.apply(toISOString, date, []);

function urlOf(url: object): string {
  let text: unknown;
  try {
    text = Reflect.apply(href, url, []);
  } catch {
    return '[URL]'; // it only inherits from one
  }
  const { path, query } = requestTarget(String(text));
  return `[URL: ${query === '' ? path : `${path}?${query}`}]`;
}

/** Emitters are sockets, requests, servers: they have headers and keys among their members, and much besides. */
const isOpaque = (value: object, prototypes: readonly object[]): boolean =>
  prototypes.includes(EventEmitter.prototype) ||
  ArrayBuffer.isView(value) ||
  types.isAnyArrayBuffer(value) ||
  types.isPromise(value) ||
  types.isRegExp(value) ||
  types.isBoxedPrimitive(value) ||
  types.isModuleNamespaceObject(value) ||
  types.isExternal(value);

/** The prototypes of an object, as far as no Proxy is asked for them. */
function prototypesOf(value: object): readonly object[] {
  const all: object[] = [];
  let each: object | null = value;
  while (each !== null && all.length < mostPrototypes && !types.isProxy(each)) {
    each = Object.getPrototypeOf(each) as object | null;
    if (each !== null) all.push(each);
  }
  return all;
}

/** The name of an object's class; '' for a plain object. */
function classOf(prototypes: readonly object[]): string {
  for (const each of prototypes) {
    if (types.isProxy(each)) return 'Object';
    const made: unknown = Object.getOwnPropertyDescriptor(each, 'constructor')?.value;
    const name = typeof made === 'function' ? nameOf(made) : '';
    if (name !== '') return name === 'Object' ? '' : name;
  }
  return '';
}

function nameOf(fn: object): string {
  if (types.isProxy(fn)) return '';
  const name: unknown = Object.getOwnPropertyDescriptor(fn, 'name')?.value;
  return typeof name === 'string' ? name.slice(0, mostNameCharacters) : '';
}
