// An info as JSON where `JSON.stringify` does not do: what it throws at, what it silently leaves out or writes as
// `{}`, and what is too large to be kept. Loaded when there is such an info.
//
// Another representation costs nobody anything. Only an info that is too large is cut, and each cut leaves a mark
// in its place that says how much is missing: "… (4 more)", "… (2048 characters)", "…": "4 more".
import type { Info } from './event.js';
import { cut, maxInfoLength } from './info.js';

const maxShownBytes = 200;

/** How much of an info is kept. */
interface Limits {
  /** In characters of JSON, for all of it. */
  readonly room: number;
  /** For each text. */
  readonly text: number;
  /** For each list, object, map or set. */
  readonly members: number;
  readonly levels: number;
}

const whole: Limits = { room: maxInfoLength, text: Infinity, members: Infinity, levels: 50 };
const short: Limits = { room: maxInfoLength, text: 1024, members: 100, levels: 6 };
/** Of what does not fit even so. */
const shortest = { text: 1024, outerMembers: 100, members: 10, levels: 3 } as const;
/** What is kept as it is within that. */
const maxKeptLength = 1024;
/** For the mark of what is missing. */
const markLength = 40;

/** The JSON of an info, whatever is in it. */
export function readableJson(info: Info): string {
  try {
    const value = within(whole, () => info) ?? within(short, () => info) ?? cutToRoom(info);
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return JSON.stringify(isObject ? value : { value });
  } catch {
    return '{"unreadable":true}';
  }
}

/** Thrown where something does not fit. */
const tooLarge = Symbol('too large');

/** A value with all that the limits allow; undefined where it needs more room, or is none. */
function within(limits: Limits, read: () => unknown): unknown {
  let left = limits.room;
  const above: object[] = [];

  function take(length: number): void {
    left -= length + 1;
    if (left < 0) throw tooLarge;
  }

  function scalar(value: unknown): unknown {
    const kept = typeof value === 'string' ? cut(value, limits.text) : value;
    // To write down what does not fit would be for nothing.
    if (typeof kept === 'string' && kept.length > left) throw tooLarge;
    take((JSON.stringify(kept) ?? '').length);
    return kept;
  }

  function convert(given: () => unknown, levels: number): unknown {
    const parts = partsOf(given);
    if (!isContainer(parts)) return scalar(parts);
    const { source } = parts;
    if (above.includes(source)) return scalar('[circular]');
    if (levels === 0) {
      if (limits.levels === whole.levels) throw tooLarge;
      return scalar(parts.missing(0));
    }
    take(1);
    above.push(source);
    const kept = Math.min(parts.size, limits.members);
    if (2 * kept > left) throw tooLarge;
    const named = (given: string): string => {
      const name = cut(given, limits.text);
      take(name.length + 3);
      return name;
    };
    const result = parts.collect(kept, named, (item) => convert(item, levels - 1));
    if (kept < parts.size) take(markLength);
    above.pop();
    return result;
  }

  try {
    return convert(read, limits.levels);
  } catch (error) {
    if (error === tooLarge) return undefined;
    throw error;
  }
}

/** As much as there is room for. */
function cutToRoom(info: Info): unknown {
  let left = maxInfoLength;
  const above: object[] = [];

  function take<Value>(value: Value): Value {
    left -= (JSON.stringify(value) ?? '').length + 1;
    return value;
  }

  function scalar(value: unknown): unknown {
    if (typeof value !== 'string') return take(value);
    return take(cut(value, Math.max(0, Math.min(shortest.text, left))));
  }

  function convert(read: () => unknown, levels: number, most: number): unknown {
    const parts = partsOf(read);
    if (!isContainer(parts)) return scalar(parts);
    const { source } = parts;
    if (above.includes(source)) return take('[circular]');
    const kept =
      levels < shortest.levels ? within({ ...whole, room: Math.min(maxKeptLength, left) }, read) : undefined;
    if (kept !== undefined) return take(kept);
    if (levels === 0) return take(parts.missing(0));
    above.push(source);
    const room = (): boolean => left > markLength;
    const result = parts.collect(
      Math.min(parts.size, most),
      (name) => take(cut(name, shortest.text)),
      (item) => convert(item, levels - 1, shortest.members),
      room,
    );
    above.pop();
    return result;
  }

  return convert(() => info, shortest.levels, shortest.outerMembers);
}

/** What an object, a list, a map or a set consists of. */
interface Container {
  readonly source: object;
  readonly size: number;
  /** What stands in its place where its members do not, or behind so many of them. */
  missing(kept: number): string;
  /**
   * @param kept how many members, at the most; a mark says how many there are beside them
   * @param hasRoom asked before each
   */
  collect(
    kept: number,
    name: (name: string) => string,
    value: (read: () => unknown) => unknown,
    hasRoom?: () => boolean,
  ): unknown;
}

function isContainer(value: unknown): value is Container {
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
      // As in JSON: an item that is missing is null.
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

/** Names that were cut may have become the same. */
function unused(members: ReadonlyMap<string, unknown>, name: string): string {
  let free = name;
  for (let i = 2; members.has(free); i++) free = `${name} (${i})`;
  return free;
}

/** A value in the words of JSON, or what it consists of. */
function partsOf(read: () => unknown): unknown {
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
  // A small Buffer has words of its own.
  const isShown = Buffer.isBuffer(given) && given.length <= maxShownBytes;
  if (ArrayBuffer.isView(given) && !isShown) return `[${given.byteLength} bytes]`;
  const { toJSON } = given as { toJSON?: unknown };
  if (typeof toJSON !== 'function') return taken(given);
  const value: unknown = Reflect.apply(toJSON, given, ['']);
  if (value === null && isA(given, Date)) return String(given);
  // Its own words are not asked for others.
  return typeof value === 'object' && value !== null ? taken(value) : represent(value);
}

/** The objects that JSON writes as `{}`, in words; the others as what they consist of. */
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

/** Names alone make an object of it. */
function mapOf(map: ReadonlyMap<unknown, unknown>): Container {
  const isObject = map.size <= 1000 && [...map.keys()].every((key) => typeof key === 'string');
  return isObject
    ? new ObjectParts(map, [...map.keys()] as string[], (name) => map.get(name))
    : iterated(map, map);
}

/** What an error says is not among the members that JSON sees. */
function errorOf(error: Error): Container {
  const names = new Set(['name', 'message', ...Object.keys(error)]);
  return new ObjectParts(error, [...names], (name) => (error as unknown as Info)[name]);
}

function objectOf(value: object): Container {
  return new ObjectParts(value, Object.keys(value), (name) => (value as Info)[name]);
}
