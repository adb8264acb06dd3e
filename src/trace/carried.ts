// Finds the trace headers that came with a message, whatever object a protocol's library keeps them in.
import { hmacName, infoName, timeName } from './headers.js';

// The most bytes of a message's headers that are looked at, because anybody may have sent them.
const mostEntries = 250;
const mostBytes = 4096;

const names = [infoName, hmacName, timeName];
const known: ReadonlySet<string> = new Set(names);
const longest = Math.max(...names.map((name) => name.length));

/** The headers that carry a trace, and no others, with names in lower case. */
type Carried = Record<string, string>;

/**
 * Finds the headers that carry a trace: in an object (also one that has a list for each name), a `Headers`, a
 * `Map`, a list of pairs or of objects, Node's `rawHeaders`, and an object with a `get`, such as gRPC's metadata.
 * Names may be in any case, and values may be texts or bytes.
 *
 * @returns no headers if there are none, or if they cannot be read; it never throws
 */
export function carriedIn(given: unknown): Carried {
  try {
    const found: Carried = {};
    let left = mostEntries;
    for (const [name, value] of entriesOf(given)) {
      if (left-- === 0) break;
      add(found, name, value);
    }
    return found;
  } catch {
    return {}; // a getter, an iterator or a Proxy of the application's throws
  }
}

function add(found: Carried, name: unknown, value: unknown): void {
  if (typeof name !== 'string' || name.length > longest) return;
  const lower = name.toLowerCase();
  if (!known.has(lower)) return;
  // A header that is there twice has no valid signature, as with HTTP.
  const text = found[lower] === undefined ? textOf(value) : ',';
  if (text !== undefined) found[lower] = text;
}

function* entriesOf(given: unknown): Iterable<readonly [name: unknown, value: unknown]> {
  if (typeof given !== 'object' || given === null) return;
  if (Symbol.iterator in given) {
    yield* pairsOf(given as Iterable<unknown>);
  } else if ('get' in given && typeof given.get === 'function') {
    for (const name of names) yield [name, (given as { get(name: string): unknown }).get(name)];
  } else {
    for (const name in given) yield [name, (given as Readonly<Record<string, unknown>>)[name]];
  }
}

/** Reads a list of pairs, a list of objects that have a member for each header, or names and values in turn. */
function* pairsOf(list: Iterable<unknown>): Iterable<readonly [name: unknown, value: unknown]> {
  let name: string | undefined;
  for (const each of list) {
    if (Array.isArray(each)) yield [each[0], each[1]];
    else if (name !== undefined) {
      yield [name, each];
      name = undefined;
    } else if (typeof each === 'string') name = each;
    // Node's binding of librdkafka has an object for each header; others name its two parts.
    else if (typeof each === 'object' && each !== null)
      yield* partsOf(each as Readonly<Record<string, unknown>>);
  }
}

function* partsOf(header: Readonly<Record<string, unknown>>): Iterable<readonly [unknown, unknown]> {
  const { key, name = key, value } = header;
  if (typeof name === 'string' && value !== undefined) yield [name, value];
  else yield* entriesOf(header);
}

function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value.length > mostBytes ? undefined : value;
  if (Array.isArray(value))
    return value.length === 1 ? textOf(value[0]) : value.length === 0 ? undefined : ',';
  if (!ArrayBuffer.isView(value) || value.byteLength > mostBytes) return undefined;
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('latin1');
}
