// A part of `http2-client.ts`: reads the headers that a caller of `request` gives. One thing is peculiar: they are an
// object of the caller's own, or since Node 24 a list, and must stay as they are.
import { viewWith } from '../src/hooks/view.js';
import { read } from '../src/hooks/guard.js';
import type { Carried } from '../src/propagation/recipients.js';
import { infoName, isTraceHeader } from '../src/trace/headers.js';

export type Headers = Readonly<Record<string, unknown>>;

/** The headers that a caller gives a request. As little of them as possible is read. */
export interface Given {
  /** The headers that matter here, by their names in lower case. Getters are left for Node to call. */
  readonly named: Headers;
  /** Whether headers can be added, and everything that could forbid it is known. */
  readonly isPlain: boolean;
  /** The headers for Node: the caller's, with all trace headers replaced by these. */
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

/**
 * The headers of a call. Undefined if they are not an object, or if reading them throws, as it then will for Node.
 */
export function givenIn([asked = {}]: readonly unknown[]): Given | undefined {
  return typeof asked === 'object' && asked !== null ? read(() => headersIn(asked)) : undefined;
}

/** Headers are an object, or, on Node 24 and newer, a list of names and values in turn. */
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
    // After a name without a value, our first name would become its value.
    isPlain: list.length % 2 === 0,
    // A symbol on a list says which of its headers are secret: no proxy may keep those.
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

/** All values of a name, which may be given twice in different cases. */
const both = (one: unknown, other: unknown): unknown => (one === undefined ? other : [one, other].flat());

export const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
