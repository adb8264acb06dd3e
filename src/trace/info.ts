import type { Info } from './event.js';

// An event must fit into the ring many times over, and people read it.
const maxInfoLength = 32 * 1024;
const maxTextLength = 1024;

/**
 * An info object as JSON, without its closing brace, so that the host can be added. Whatever the
 * application put into it (cycles, BigInt, a `toJSON` that throws, megabytes), something readable comes
 * out.
 */
export function stringifyInfo(info: Info): string {
  const json = plain(info) ?? bounded(info) ?? '{"unreadable":true}';
  return json.slice(0, -1);
}

function plain(info: Info): string | undefined {
  try {
    const json: string | undefined = JSON.stringify(info);
    return json !== undefined && json.startsWith('{') && json.length <= maxInfoLength ? json : undefined;
  } catch {
    return undefined;
  }
}

/** Each member on its own, cut to a readable length: one bad value must not lose the others. */
function bounded(info: Info): string | undefined {
  try {
    const members = Object.entries(info).map(([name, value]) => [name, readable(value, 2)]);
    return plain(Object.fromEntries(members) as Info);
  } catch {
    return undefined;
  }
}

function readable(value: unknown, levels: number): unknown {
  if (typeof value === 'string') return cut(value);
  if (typeof value === 'bigint') return String(value);
  // Also the `toJSON` of an object that is taken apart below.
  if (typeof value === 'function') return undefined;
  if (typeof value !== 'object' || value === null) return value;
  try {
    const json: string | undefined = JSON.stringify(value);
    if (json === undefined || json.length <= maxTextLength) return json && JSON.parse(json);
  } catch {
    // a cycle, a BigInt or a `toJSON` that throws, somewhere below
  }
  if (levels === 0) return '[too large or not JSON]';
  if (Array.isArray(value)) return value.slice(0, 10).map((item) => readable(item, levels - 1));
  const members = Object.entries(value).slice(0, 10);
  return Object.fromEntries(members.map(([name, item]) => [name, readable(item, levels - 1)]));
}

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
