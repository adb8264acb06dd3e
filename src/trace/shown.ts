// Represents arguments and results of traced functions as text.
import { inspect, types } from 'node:util';

/** A value as people read it, bounded, like the Python representations that OSProfiler sends. */
export function text(value: unknown): string {
  try {
    return inspect(value, {
      depth: 2,
      maxArrayLength: itemsShown,
      maxStringLength: 200,
      breakLength: Infinity,
    });
  } catch {
    // an `inspect` or a getter of the application threw
    return '[unreadable]';
  }
}

// `inspect` has limits for lists and texts, and none for objects: 100,000 members take it a quarter of a second.
const maxMembersShown = 1000;
const levelsShown = 3;
const itemsShown = 10;

/** The value, or only its class if it has too many members to be printed. */
export function shown(value: unknown): unknown {
  return membersLeft(value, maxMembersShown, levelsShown) < 0
    ? { [inspect.custom]: () => inspect(value, { depth: -1 }) }
    : value;
}

/**
 * How many of this many members are left after those that `inspect` would print. Like `inspect`, it calls no
 * getter.
 */
function membersLeft(value: unknown, most: number, levels: number): number {
  if (typeof value !== 'object' || value === null || levels === 0) return most;
  // `inspect` sees the target of a Proxy; no other code can without calling its traps.
  if (types.isProxy(value) || ArrayBuffer.isView(value)) return most;
  const names = Array.isArray(value) ? indices(value) : Object.keys(value);
  let left = most - names.length;
  for (const name of names) {
    if (left < 0) return left;
    left = membersLeft(Object.getOwnPropertyDescriptor(value, name)?.value, left, levels - 1);
  }
  return left;
}

function indices({ length }: readonly unknown[]): string[] {
  return Array.from({ length: Math.min(length, itemsShown) }, (_, i) => String(i));
}
