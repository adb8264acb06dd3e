import type { Info } from './event.js';

/** What says the same each time: whoever writes events may encode it once. */
export class FixedInfo {
  readonly #info: Info;

  constructor(info: Info) {
    this.#info = info;
  }

  get info(): Info {
    return this.#info;
  }

  /** Asks no trap of a Proxy, as `instanceof` does. */
  static is(said: object): said is FixedInfo {
    return #info in said;
  }
}

// An event must fit into the ring many times over, and people read it.
export const maxInfoLength = 32 * 1024;
const maxTextLength = 1024;
const maxLevels = 50;

/**
 * An info object as JSON, without its closing brace, so that the host can be added. Whatever the
 * application put into it (cycles, BigInt, a `toJSON` that throws, megabytes), something readable comes
 * out, and no more of it is read than can be kept.
 */
export function stringifyInfo(info: Info): string {
  const json = asItIs(info);
  if (json !== undefined) return json.slice(0, -1);
  const { readableJson } = require('./readable.js') as typeof import('./readable.js');
  return readableJson(info).slice(0, -1);
}

/** The JSON of plain data; undefined where that is too long, or says less than the object does. */
function asItIs(info: Info): string | undefined {
  try {
    if (roomAfter(info, maxInfoLength, maxLevels) < 0) return undefined;
    const json = JSON.stringify(info);
    return json.startsWith('{') && json.length <= maxInfoLength ? json : undefined;
  } catch {
    return undefined; // a getter or a Proxy of the application's
  }
}

/**
 * What is left of so many characters after a value, negative where it does not fit or is no plain data.
 * `JSON.stringify` itself can't be stopped: of a list of 10 million it makes all, be it a minute's work.
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

/** The beginning of a text that is longer than so many characters, and how long it is. */
export function cut(text: string, most: number = maxTextLength, length = text.length): string {
  return length <= most ? text : `${text.slice(0, most)}… (${length} characters)`;
}

/** What a failed point's stop says of its error; any value may be thrown. */
export function failure(error: unknown): Info {
  try {
    if (typeof error === 'object' && error !== null) {
      const { message, code, name: kind } = error as { message?: unknown; code?: unknown; name?: unknown };
      const own = (error.constructor as { name?: unknown } | undefined)?.name;
      // All of that class are told apart by their names: TimeoutError, NotSupportedError.
      const name = own === 'DOMException' ? kind : own;
      const etype = typeof name === 'string' && name !== '' ? name : 'Error';
      return {
        // A plain `Error` says nothing; its code does: ECONNREFUSED, ER_NO_SUCH_TABLE.
        etype: etype === 'Error' && typeof code === 'string' ? code : etype,
        message: typeof message === 'string' ? cut(message) : null,
      };
    }
    return { etype: typeof error, message: cut(String(error)) };
  } catch {
    return { etype: 'Error', message: null };
  }
}
