// Represents values in JSON that `JSON.stringify` throws at, leaves out or writes as `{}`.
import type { Info } from './event.js';

const maxShownBytes = 200;

/** The members of an object, a list, a map or a set. */
export interface Container {
  readonly source: object;
  readonly size: number;
  /** The text that replaces the members, or follows a part of them. */
  missing(kept: number): string;
  /**
   * @param kept the most members that are kept; a mark says how many there are beside them
   * @param hasRoom asked before each member
   */
  collect(
    kept: number,
    name: (name: string) => string,
    value: (read: () => unknown) => unknown,
    hasRoom?: () => boolean,
  ): unknown;
}

export function isContainer(value: unknown): value is Container {
  return value instanceof ListParts || value instanceof ObjectParts;
}

const always = (): boolean => true;

class ListParts implements Container {
  readonly source: object;
  readonly size: number;
  readonly #items: (kept: number) => Iterable<() => unknown>;

  constructor(source: object, size: number, items: (kept: number) => Iterable<() => unknown>) {
    this.source = source;
    this.size = size;
    this.#items = items;
  }

  missing(kept: number): string {
    const items = `${this.size} ${this.size === 1 ? 'item' : 'items'}`;
    return `… (${kept === 0 ? items : `${this.size - kept} more`})`;
  }

  collect(
    kept: number,
    _name: (name: string) => string,
    value: (read: () => unknown) => unknown,
    hasRoom: () => boolean = always,
  ): unknown[] {
    const list: unknown[] = [];
    for (const read of this.#items(kept)) {
      if (!hasRoom()) break;
      // As in JSON, a missing item is null.
      list.push(value(read) ?? null);
    }
    if (list.length < this.size) list.push(this.missing(list.length));
    return list;
  }
}

class ObjectParts implements Container {
  readonly source: object;
  readonly #names: readonly string[];
  readonly #valueOf: (name: string) => unknown;

  constructor(source: object, names: readonly string[], valueOf: (name: string) => unknown) {
    this.source = source;
    this.#names = names;
    this.#valueOf = valueOf;
  }

  get size(): number {
    return this.#names.length;
  }

  missing(): string {
    return `… (${this.size} ${this.size === 1 ? 'member' : 'members'})`;
  }

  collect(
    kept: number,
    name: (name: string) => string,
    value: (read: () => unknown) => unknown,
    hasRoom: () => boolean = always,
  ): object {
    const members = new Map<string, unknown>();
    let count = 0;
    for (const given of this.#names.slice(0, kept)) {
      if (!hasRoom()) break;
      members.set(
        unused(members, name(given)),
        value(() => this.#valueOf(given)),
      );
      count++;
    }
    if (count < this.size) members.set(unused(members, '…'), `${this.size - count} more`);
    return Object.fromEntries(members);
  }
}

/** Names that were cut may have become equal. */
function unused(members: ReadonlyMap<string, unknown>, name: string): string {
  let free = name;
  for (let i = 2; members.has(free); i++) free = `${name} (${i})`;
  return free;
}

/** A value as JSON has it, or its members. */
export function partsOf(read: () => unknown): unknown {
  try {
    return represent(read());
  } catch {
    return '[unreadable]';
  }
}

function represent(given: unknown): unknown {
  switch (typeof given) {
    case 'bigint':
    case 'symbol':
      return String(given);
    case 'number':
      return Number.isFinite(given) ? given : String(given);
    case 'function':
      return named('function', (given as { name?: unknown }).name);
    case 'object':
      return given === null ? null : representObject(given);
    default:
      return given;
  }
}

function representObject(given: object): unknown {
  // A small Buffer is written as text.
  const isShown = Buffer.isBuffer(given) && given.length <= maxShownBytes;
  if (ArrayBuffer.isView(given) && !isShown) return `[${given.byteLength} bytes]`;
  const { toJSON } = given as { toJSON?: unknown };
  if (typeof toJSON !== 'function') return taken(given);
  const value: unknown = Reflect.apply(toJSON, given, ['']);
  if (value === null && isA(given, Date)) return String(given);
  // The result of its own `toJSON` is not asked again for one.
  return typeof value === 'object' && value !== null ? taken(value) : represent(value);
}

/** Represents the objects that JSON writes as `{}` as text, and other objects by their members. */
function taken(value: object): unknown {
  if (Array.isArray(value)) return listOf(value);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === null || prototype === Object.prototype) return objectOf(value);
  if (isA(value, Map)) return mapOf(value);
  if (isA(value, Set)) return iterated(value, value);
  if (isA(value, Error)) return errorOf(value);
  if ([Number, String, Boolean, BigInt, Symbol].some((boxed) => isA(value, boxed as never))) {
    return represent(value.valueOf());
  }
  if (isA(value, RegExp) || isA(value, URLSearchParams)) return String(value);
  if (isA(value, ArrayBuffer) || isA(value, SharedArrayBuffer)) return `[${value.byteLength} bytes]`;
  return isOpaque(value) ? named('', (value.constructor as { name?: unknown }).name) : objectOf(value);
}

const isOpaque = (value: object): boolean =>
  [Promise, WeakMap, WeakSet, WeakRef].some((opaque) => isA(value, opaque as never));

const isA = <Class>(value: object, made: abstract new (...args: never) => Class): value is Class & object =>
  value instanceof made;

function named(kind: string, name: unknown): string {
  const words = [kind, typeof name === 'string' ? name : ''].filter((word) => word !== '');
  return `[${words.join(' ')}]`;
}

function listOf(list: readonly unknown[]): Container {
  return new ListParts(list, list.length, (kept) => Array.from({ length: kept }, (_, i) => () => list[i]));
}

function iterated(source: object, items: Iterable<unknown> & { readonly size: number }): Container {
  return new ListParts(source, items.size, function* (kept) {
    let count = 0;
    for (const item of items) {
      if (count++ >= kept) return;
      yield () => item;
    }
  });
}

/** Names alone make it an object. */
function mapOf(map: ReadonlyMap<unknown, unknown>): Container {
  const isObject = map.size <= 1000 && [...map.keys()].every((key) => typeof key === 'string');
  return isObject
    ? new ObjectParts(map, [...map.keys()] as string[], (name) => map.get(name))
    : iterated(map, map);
}

/** The message of an error is not among the members that JSON sees. */
function errorOf(error: Error): Container {
  const names = new Set(['name', 'message', ...Object.keys(error)]);
  return new ObjectParts(error, [...names], (name) => (error as unknown as Info)[name]);
}

function objectOf(value: object): Container {
  return new ObjectParts(value, Object.keys(value), (name) => (value as Info)[name]);
}
