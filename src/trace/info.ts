import type { Info } from './event.js';

/**
 * What says the same each time: an info whose JSON is made once, as bytes in words of four. To write one is a
 * copy, and that is a tenth of the price.
 */
export class FixedInfo {
  readonly words: Int32Array;
  readonly #length: number;

  constructor(info: Info) {
    const bytes = Buffer.from(stringifyInfo(info));
    this.#length = bytes.length;
    this.words = new Int32Array(Math.ceil(bytes.length / 4));
    bytes.copy(Buffer.from(this.words.buffer));
  }

  /** In bytes. */
  get length(): number {
    return this.#length;
  }

  /** Asks no trap of a Proxy, as `instanceof` does. */
  static is(said: object): said is FixedInfo {
    return #length in said;
  }
}

// An event must fit into the ring many times over, and people read it.
const maxInfoLength = 32 * 1024;
const maxTextLength = 1024;
const maxShownBytes = 200;
const maxMembers = 100;
// Of what is too large to be kept whole.
const maxInnerMembers = 10;
const maxInnerLevels = 2;
const maxLevels = 50;

/**
 * An info object as JSON, without its closing brace, so that the host can be added. Whatever the
 * application put into it (cycles, BigInt, a `toJSON` that throws, megabytes), something readable comes
 * out, and no more of it is read than can be kept.
 */
export function stringifyInfo(info: Info): string {
  const json = whole(info, maxInfoLength);
  return (json?.startsWith('{') === true ? json : JSON.stringify(shortened(info))).slice(0, -1);
}

/** The JSON of an object as it is; undefined where that is too long, or can't be known beforehand. */
function whole(value: unknown, maxLength: number): string | undefined {
  try {
    if (roomAfter(value, maxLength, maxLevels) < 0) return undefined;
    const json: string | undefined = JSON.stringify(value);
    return json !== undefined && json.length <= maxLength ? json : undefined;
  } catch {
    return undefined; // a getter or a Proxy of the application's
  }
}

/**
 * What is left of so many characters after a value, negative where it does not fit. `JSON.stringify` itself
 * can't be stopped: of a list of 10 million it makes all, be it a minute's work.
 */
function roomAfter(value: unknown, room: number, levels: number): number {
  if (typeof value === 'string') return room - value.length - 3;
  if (typeof value === 'bigint') return -1;
  if (typeof value !== 'object' || value === null) return room - 1;
  if (levels === 0 || ArrayBuffer.isView(value)) return -1;
  if (typeof (value as { toJSON?: unknown }).toJSON === 'function') return -1;
  let left = room - 2;
  if (Array.isArray(value)) {
    if (value.length > left) return -1;
    for (let i = 0; i < value.length && left >= 0; i++) left = roomAfter(value[i], left, levels - 1);
    return left;
  }
  for (const name in value) {
    left = roomAfter((value as Info)[name], left - name.length - 4, levels - 1);
    if (left < 0) return left;
  }
  return left;
}

/** What is left of the characters that may be kept. */
interface Room {
  left: number;
}

/** Each member on its own, cut to a readable length: one bad value must not lose the others. */
function shortened(info: Info): object {
  try {
    const short = shortOf(info, maxInnerLevels + 1, { left: maxInfoLength }, maxMembers);
    return typeof short === 'object' && short !== null && !Array.isArray(short) ? short : { value: short };
  } catch {
    return { unreadable: true };
  }
}

function membersOf(value: object, most: number, levels: number, room: Room): object {
  const members: [string, unknown][] = [];
  for (const name of Object.keys(value).slice(0, most)) {
    const shown = cut(name);
    room.left -= lengthOf(shown) + 2;
    if (room.left <= 0) break;
    members.push([shown, readable(() => (value as Info)[name], levels, room)]);
  }
  return Object.fromEntries(members);
}

/** A value as short as it has to be to fit. */
function readable(read: () => unknown, levels: number, room: Room): unknown {
  let short: unknown;
  try {
    short = shortOf(read(), levels, room);
  } catch {
    short = '[unreadable]';
  }
  // What an object is made of has been counted.
  if (typeof short === 'object' && short !== null) return short;
  room.left -= lengthOf(short);
  return room.left < 0 ? undefined : short;
}

function shortOf(given: unknown, levels: number, room: Room, most = maxInnerMembers): unknown {
  // A small Buffer has words of its own.
  if (ArrayBuffer.isView(given) && !(Buffer.isBuffer(given) && given.length <= maxShownBytes)) {
    return `[${given.byteLength} bytes]`;
  }
  const value = jsonValue(given);
  if (typeof value === 'string') return cut(value);
  if (typeof value === 'bigint') return cut(String(value));
  // Also the `toJSON` of an object that is taken apart here.
  if (typeof value === 'function') return undefined;
  if (typeof value !== 'object' || value === null) return value;
  const json = whole(value, Math.min(maxTextLength, room.left));
  if (json !== undefined) {
    room.left -= json.length;
    return JSON.parse(json);
  }
  if (levels === 0) return '[too large or not JSON]';
  if (!Array.isArray(value)) return membersOf(value, most, levels - 1, room);
  const items: unknown[] = [];
  for (let i = 0; i < Math.min(value.length, maxInnerMembers) && room.left > 0; i++) {
    items.push(readable(() => value[i] as unknown, levels - 1, room));
  }
  return items;
}

/** What JSON would say in place of a value: dates and many classes have their own words. */
function jsonValue(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const { toJSON } = value as { toJSON?: unknown };
  return typeof toJSON === 'function' ? (Reflect.apply(toJSON, value, ['']) as unknown) : value;
}

const lengthOf = (value: unknown): number => (JSON.stringify(value) ?? '').length + 1;

function cut(text: string): string {
  return text.length <= maxTextLength ? text : `${text.slice(0, maxTextLength)}… (${text.length} characters)`;
}

/** What a failed point's stop says of its error; any value may be thrown. */
export function failure(error: unknown): Info {
  try {
    if (typeof error === 'object' && error !== null) {
      const { message, code } = error as { message?: unknown; code?: unknown };
      const name = (error.constructor as { name?: unknown } | undefined)?.name;
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
