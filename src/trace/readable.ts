// Writes an info as JSON if `JSON.stringify` cannot: if it would throw, leave parts out or write them as `{}`, and
// if the info is too large to be kept. It is loaded with the first such info.
//
// A value that has to be represented differently does not cut the rest. Only an info that is too large is cut, and
// each cut leaves a mark in its place that says how much is missing: "… (4 more)", "… (2048 characters)", "…": "4 more".
import type { Info } from './event.js';
import { cut, maxInfoLength } from './info.js';
import { isContainer, partsOf } from './representation.js';

/** How much of an info is kept. */
interface Limits {
  /** The limit for the whole info, in characters of JSON. */
  readonly room: number;
  /** The limit for each text. */
  readonly text: number;
  /** The limit for each list, object, map or set. */
  readonly members: number;
  readonly levels: number;
}

const whole: Limits = { room: maxInfoLength, text: Infinity, members: Infinity, levels: 50 };
const short: Limits = { room: maxInfoLength, text: 1024, members: 100, levels: 6 };
/** The limits for an info that does not fit even so. */
const shortest = { text: 1024, outerMembers: 100, members: 10, levels: 3 } as const;
/** Texts up to this length are kept whole within that limit. */
const maxKeptLength = 1024;
/** Room for the mark that says how much is missing. */
const markLength = 40;

/** The JSON of an info with any content. */
export function readableJson(info: Info): string {
  try {
    const value = within(whole, () => info) ?? within(short, () => info) ?? cutToRoom(info);
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return JSON.stringify(isObject ? value : { value });
  } catch {
    return '{"unreadable":true}';
  }
}

/** Thrown if something does not fit. */
const tooLarge = Symbol('too large');

/** A value with everything that the limits allow; undefined if it needs more room, or is not a value of JSON. */
function within(limits: Limits, read: () => unknown): unknown {
  let left = limits.room;
  const above: object[] = [];

  function take(length: number): void {
    left -= length + 1;
    if (left < 0) throw tooLarge;
  }

  function scalar(value: unknown): unknown {
    const kept = typeof value === 'string' ? cut(value, limits.text) : value;
    // Writing down what does not fit would be in vain.
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
    const nameOf = (name: string): string => {
      const shown = cut(name, limits.text);
      take(shown.length + 3);
      return shown;
    };
    const result = parts.collect(kept, nameOf, (item) => convert(item, levels - 1));
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

/** As many members as there is room for. */
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
