// Reads which functions and channels a configuration names, and says what is wrong with it. It is loaded only if there
// is such a configuration.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, isAbsolute, join, resolve } from 'node:path';

import { pointsFile } from './points-source.js';
import { nearest, quoted } from './wording.js';

/** The values of a call that are recorded. */
interface Said {
  /** Where the entry stands, for messages: `points[0]`. */
  readonly at: string;
  /** The name of the points. */
  readonly point: string;
  /** The arguments that are recorded: all of them, or paths into them, such as `[0].id`. */
  readonly args: true | readonly string[];
  readonly result: boolean;
  /** The values that are not recorded: `args`, `result`, or paths into these. */
  readonly hide: readonly string[];
}

/** An entry of `points`. */
export interface NamedPoint extends Said {
  readonly module: string;
  readonly export: string;
  /** Whether the last argument is a function that is called with an error or a result. */
  readonly callback: boolean;
}

/** An entry of `channels`. */
export interface NamedChannel extends Said {
  readonly channel: string;
}

export interface NamedPoints {
  /** The file, or the variable, for messages. */
  readonly source: string;
  /** The folder to which modules' paths are relative. */
  readonly folder: string;
  readonly points: readonly NamedPoint[];
  readonly channels: readonly NamedChannel[];
  readonly limits: Limits;
}

export interface Limits {
  /** How many functions become points at the most. */
  readonly functions: number;
  /** How many points a function makes in one trace at the most. */
  readonly points: number;
}

/** A property that an entry may have. */
interface Field {
  readonly takes: string;
  isValid(value: unknown): boolean;
  /** The value when it is not given; the entry must have the property if this is undefined. */
  readonly otherwise?: unknown;
}

const isText = (value: unknown): boolean => typeof value === 'string' && value.trim() !== '';
const isBoolean = (value: unknown): boolean => typeof value === 'boolean';
const isListOf =
  (form: RegExp) =>
  (value: unknown): boolean =>
    Array.isArray(value) && value.every((each) => typeof each === 'string' && form.test(each));
const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) > 0;

const steps = String.raw`(?:\.[\w$]+|\[\d+\])`;
const path = new RegExp(`^(?:\\[\\d+\\]|[\\w$]+)${steps}*$`);
const exportForm = /^(?:[\w$]+(?:\(\))?\.)*(?:[\w$]+|\*)$/;

const point: Field = { takes: 'the name of the points, such as "driver"', isValid: isText };
const said = {
  args: {
    takes: 'true, or a list of paths such as ["[0].id"]',
    isValid: (value) => isBoolean(value) || isListOf(path)(value),
    otherwise: [],
  },
  result: { takes: 'true or false', isValid: isBoolean, otherwise: false },
  hide: {
    takes: 'a list of "args", "result" and paths such as "[0].password"',
    isValid: isListOf(path),
    otherwise: [],
  },
} as const satisfies Readonly<Record<string, Field>>;

/** The properties of the entries. `config.schema.json` has the same ones. */
export const fields = {
  points: {
    module: {
      takes: 'a package, a path or a pattern, such as "billing-sdk" or "./lib/drivers/*.js"',
      isValid: isText,
    },
    export: {
      takes: 'an exported function or method, such as "Client.prototype.*" or "createClient().get"',
      isValid: (value) => typeof value === 'string' && exportForm.test(value),
    },
    point,
    callback: { takes: 'true or false', isValid: isBoolean, otherwise: false },
    ...said,
  },
  channels: {
    channel: { takes: 'the name of a TracingChannel, such as "graphql:execute"', isValid: isText },
    point,
    ...said,
  },
  limits: {
    functions: { takes: 'a whole number, 1 or more', isValid: isCount, otherwise: 200 },
    points: { takes: 'a whole number, 1 or more', isValid: isCount, otherwise: 1000 },
  },
} as const satisfies Readonly<Record<string, Readonly<Record<string, Field>>>>;

type Say = (problem: string) => void;

/** The names of ostrace's own points, except those that other points may have: `db` and `rpc`. */
const ours: ReadonlySet<string> = new Set([
  'wsgi',
  'http',
  'https',
  'sql',
  'command',
  'process',
  'thread',
  'thread_main',
  'left_out',
  'gc',
  'blocked',
]);
/** The name of a point whose own name means something else to those who read traces. */
const otherName = 'function';

/** Whether reports and pages would take a point of this name for one of ours. A dash becomes `_`. */
const isOurs = (name: string): boolean => ours.has(name.replaceAll('-', '_'));

/**
 * Reads the first source that there is: the setting, `ostrace.config.json`, `package.json#ostrace`. Never throws.
 *
 * @param given the setting `points`
 * @param folder the folder in which the process was started; '' for the working directory
 * @param say takes a line for people about each entry that cannot be used; the others are used
 * @returns undefined if nothing is named
 */
export function readPoints(given: string | undefined, folder: string, say: Say): NamedPoints | undefined {
  const base = resolve(folder);
  if (given !== undefined && /^\s*[{[]/.test(given)) {
    return parsed(given, 'OSTRACE_POINTS', base, say);
  }
  if (given !== undefined) {
    const file = isAbsolute(given) ? given : join(base, given);
    return ofFile(file, `OSTRACE_POINTS (${quoted(given)})`, say);
  }
  const file = join(base, pointsFile);
  if (existsSync(file)) return ofFile(file, pointsFile, say);
  const inPackage = ofFile(join(base, 'package.json'), 'package.json', () => {}, 'ostrace');
  return inPackage;
}

function ofFile(file: string, source: string, say: Say, property?: string): NamedPoints | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    say(`${source} cannot be read (${(error as Error).message}); no points are made by name`);
    return undefined;
  }
  if (property === undefined) return parsed(text, source, dirname(file), say);
  const value = (jsonOf(text, () => {}, source) as Record<string, unknown> | undefined)?.[property];
  return value === undefined ? undefined : checked(value, `${source}#${property}`, dirname(file), say);
}

function jsonOf(text: string, say: Say, source: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, '')) as unknown;
  } catch (error) {
    say(`${source} is not JSON (${(error as Error).message}); no points are made by name`);
    return undefined;
  }
}

function parsed(text: string, source: string, folder: string, say: Say): NamedPoints | undefined {
  const value = jsonOf(text, say, source);
  return value === undefined ? undefined : checked(value, source, folder, say);
}

const parts = ['points', 'channels', 'limits'] as const;

function checked(value: unknown, source: string, folder: string, say: Say): NamedPoints | undefined {
  if (!isObject(value)) {
    say(`${source} is ${shown(value)}; expected an object such as { "points": [ … ] }`);
    return undefined;
  }
  const sayOf: Say = (problem) => say(`${source}: ${problem}`);
  const others = Object.keys(value).filter((name) => name !== '$schema' && !parts.includes(name as never));
  for (const name of others) sayOf(`${unknown(name, parts)}; it is left out`);
  const listed = (part: 'points' | 'channels'): readonly object[] => {
    const list = (value[part] ?? []) as readonly unknown[];
    if (!Array.isArray(list)) {
      sayOf(`${part} is ${shown(list)}; expected a list of objects`);
      return [];
    }
    return list.flatMap(
      (entry, i): object | readonly object[] => entryOf(entry, `${part}[${i}]`, fields[part], sayOf) ?? [],
    );
  };
  const limits = entryOf(value['limits'] ?? {}, 'limits', fields.limits, sayOf, 'the default counts');
  return {
    source,
    folder,
    points: listed('points') as never,
    channels: listed('channels') as never,
    limits: (limits ?? entryOf({}, 'limits', fields.limits, sayOf)) as never,
  };
}

/** An entry with all of its properties; undefined if it cannot be used, which is said. */
function entryOf(
  entry: unknown,
  at: string,
  table: Readonly<Record<string, Field>>,
  say: Say,
  otherwise = 'this entry is left out',
): Record<string, unknown> | undefined {
  if (!isObject(entry)) {
    say(`${at} is ${shown(entry)}; expected an object; ${otherwise}`);
    return undefined;
  }
  // A property that is not known may be the mistyped name of one that hides a secret.
  const others = Object.keys(entry).filter((name) => !Object.hasOwn(table, name));
  const problems = others.map((name) => `${at}.${unknown(name, Object.keys(table))}`);
  const values: Record<string, unknown> = { at };
  for (const [name, { takes, isValid, otherwise: value }] of Object.entries(table)) {
    const given = entry[name];
    values[name] = given ?? value;
    if (given === undefined && value === undefined) problems.push(`${at} has no ${name}; expected ${takes}`);
    else if (given !== undefined && !isValid(given))
      problems.push(`${at}.${name} is ${shown(given)}; expected ${takes}`);
  }
  for (const problem of problems) say(`${problem}; ${otherwise}`);
  if (values['args'] === false) values['args'] = [];
  const name = values['point'];
  if (problems.length === 0 && typeof name === 'string' && isOurs(name)) {
    say(`${at}.point is ${quoted(name)}, the name of a point of ostrace's own; ${quoted(otherName)} is used`);
    values['point'] = otherName;
  }
  return problems.length > 0 ? undefined : values;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function unknown(name: string, known: readonly string[]): string {
  const meant = nearest(name, known);
  const hint = meant === undefined ? `expected one of ${known.join(', ')}` : `did you mean ${meant}?`;
  return `${/^[\w$-]{1,100}$/.test(name) ? name : quoted(name)} is not a property (${hint})`;
}

const shown = (value: unknown): string => quoted(JSON.stringify(value)).slice(1, -1).replaceAll('\\"', '"');
