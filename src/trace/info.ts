// Encodes what points say: any info as JSON, bounded in size.
import type { Info } from './event.js';

/** What says the same each time: whoever writes events may encode it once. */
export class FixedInfo {
  readonly #info: Info;
  /** Kept by whoever writes events: its own encoding of this info. A property is found faster than a stamp. */
  encoding: unknown;

  constructor(info: Info) {
    this.#info = info;
  }

  get info(): Info {
    return this.#info;
  }

  /** Unlike `instanceof`, this calls no trap of a Proxy. */
  static is(said: object): said is FixedInfo {
    return #info in said;
  }
}

// An event must fit into the ring many times over, and people have to read it.
export const maxInfoLength = 32 * 1024;
const maxTextLength = 1024;
const maxLevels = 50;

/**
 * An info object as JSON, without its closing brace, so that the host can be added. Whatever the application put
 * into it (cycles, BigInt, a `toJSON` that throws, megabytes), the result is readable, and no more of the object is
 * read than can be kept.
 */
export function stringifyInfo(info: Info): string {
  const json = asItIs(info);
  if (json !== undefined) return json.slice(0, -1);
  const { readableJson } = require('./readable.js') as typeof import('./readable.js');
  return readableJson(info).slice(0, -1);
}

/** The JSON of plain data; undefined if it is too long, or would say less than the object does. */
function asItIs(info: Info): string | undefined {
  try {
    if (roomAfter(info, maxInfoLength, maxLevels) < 0) return undefined;
    const json = JSON.stringify(info);
    return json.startsWith('{') && json.length <= maxInfoLength ? json : undefined;
  } catch {
    return undefined; // a getter or a Proxy of the application threw
  }
}

/**
 * How many of this many characters are left after a value; negative if the value does not fit or is not plain data.
 * `JSON.stringify` itself cannot be stopped: given a list of 10 million items, it writes all of them, even if that
 * takes a minute.
 */
function roomAfter(value: unknown, room: number, levels: number): number {
  if (typeof value === 'string') return room - value.length - 3;
  if (typeof value === 'number') return Number.isFinite(value) ? room - 1 : -1;
  if (typeof value === 'boolean' || value === undefined || value === null) return room - 1;
  if (typeof value !== 'object' || levels === 0) return -1;
  if (typeof (value as { toJSON?: unknown }).toJSON === 'function') return -1;
  let left = room - 2;
  if (Array.isArray(value)) {
    if (value.length > left) return -1;
    for (let i = 0; i < value.length && left >= 0; i++) left = roomAfter(value[i], left, levels - 1);
    return left;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return -1;
  for (const name in value) {
    left = roomAfter((value as Info)[name], left - name.length - 4, levels - 1);
    if (left < 0) return left;
  }
  return left;
}

/** The beginning of a text that is longer than this many characters, with its length. */
export function cut(text: string, most: number = maxTextLength, length = text.length): string {
  return length <= most ? text : `${text.slice(0, most)}… (${length} characters)`;
}

/** Describes an error for the stop of a failed point. Any value may be thrown. */
export function failure(error: unknown): Info {
  try {
    if (typeof error === 'object' && error !== null) {
      const { message, code, name: kind } = error as { message?: unknown; code?: unknown; name?: unknown };
      const own = (error.constructor as { name?: unknown } | undefined)?.name;
      // The errors of that class are told apart by their names: TimeoutError, NotSupportedError.
      const name = own === 'DOMException' ? kind : own;
      const etype = typeof name === 'string' && name !== '' ? name : 'Error';
      return {
        // The name of a plain `Error` says nothing, but its code does: ECONNREFUSED, ER_NO_SUCH_TABLE.
        etype: etype === 'Error' && typeof code === 'string' ? code : etype,
        message: typeof message === 'string' ? cut(message) : null,
      };
    }
    return { etype: typeof error, message: cut(String(error)) };
  } catch {
    return { etype: 'Error', message: null };
  }
}
