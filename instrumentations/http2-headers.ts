// A part of `http2-client.ts`: the headers that a caller of `request` gives. One thing is peculiar: they are an object of
// the caller's own, or since Node 24 a list, and must stay as they are.
import { viewWith } from '../src/hooks/view.js';
import { read } from '../src/hooks/guard.js';
import type { Carried } from '../src/propagation/recipients.js';
import { infoName, isTraceHeader } from '../src/trace/headers.js';

export type Headers = Readonly<Record<string, unknown>>;

/** What a caller gives as the headers of a request, read as little as can be. */
export interface Given {
  /** Those that matter here, in lower case; a getter is Node's alone to call. */
  readonly named: Headers;
  /** Whether others can be added, and all that could forbid it is known. */
  readonly isPlain: boolean;
  /** What Node is given instead: with these in the place of all trace headers. */
  readonly instead: (headers: Carried) => object;
}

const looked: ReadonlySet<string> = new Set([
  ':method',
  ':scheme',
  ':path',
  ':authority',
  'host',
  'authorization',
  infoName,
]);

/** The headers of a call; undefined for what is no object, or throws when it is read, as it will for Node too. */
export function givenIn([asked = {}]: readonly unknown[]): Given | undefined {
  return typeof asked === 'object' && asked !== null ? read(() => headersIn(asked)) : undefined;
}

/** Headers are an object, or on Node 24 and newer also a list of names and values in turn. */
function headersIn(asked: object): Given {
  return Array.isArray(asked) ? headersInList(asked as unknown[]) : headersInObject(asked);
}

function headersInObject(asked: object): Given {
  const named: Record<string, unknown> = {};
  let isPlain = true;
  for (const key of Object.keys(asked)) {
    const name = key.toLowerCase();
    if (!looked.has(name)) continue;
    const property = Object.getOwnPropertyDescriptor(asked, key);
    if (property?.get === undefined) named[name] = both(named[name], property?.value);
    else isPlain = false;
  }
  const instead = (headers: Carried): object => {
    const copy = viewWith(asked, headers) as Record<string, unknown>;
    for (const key of Object.keys(asked)) {
      if (isTraceHeader(key) && headers[key] === undefined) delete copy[key];
    }
    return copy;
  };
  return { named, isPlain, instead };
}

function headersInList(asked: readonly unknown[]): Given {
  const list = [...asked];
  const named: Record<string, unknown> = {};
  for (let i = 0; i < list.length; i += 2) {
    const name = textOf(list[i])?.toLowerCase() ?? '';
    if (looked.has(name)) named[name] = both(named[name], list[i + 1]);
  }
  const symbols = Object.getOwnPropertySymbols(asked) as unknown as number[];
  return {
    named,
    // With a name without a value ours would become its value.
    isPlain: list.length % 2 === 0,
    // By a symbol a list says which of its headers are secret: no proxy may keep those.
    instead: (headers) =>
      Object.assign(
        [
          ...list.filter((_, i) => !isTraceHeader(String(list[i - (i % 2)]))),
          ...Object.entries(headers).flat(),
        ],
        Object.fromEntries(symbols.map((symbol) => [symbol, asked[symbol]])),
      ),
  };
}

/** What a name that may be given twice, in another case, says. */
const both = (one: unknown, other: unknown): unknown => (one === undefined ? other : [one, other].flat());

export const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
