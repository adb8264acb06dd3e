// The table of settings, from which the environment variables, the configuration's type and the pages are made.
import { type TargetOption, targetHelp } from '../../instrumentations/targets.js';

/** The type of a setting: the words for what it takes, and a parser that gives undefined for a wrong text. */
export interface Type<T> {
  readonly takes: string;
  parse(text: string): T | undefined;
  /** A default value as people write it. */
  show?(value: number): string;
  /** Whether all of the text was used. If not, the used part counts, and the rest is a problem to report. */
  isWhole?(text: string): boolean;
}

interface Option<T> {
  readonly type: Type<T>;
  readonly default: T;
  /** The value to use if the given one is wrong and the default must not be used. */
  readonly ifWrong?: T;
  /** Whether the value must never be printed. */
  readonly secret?: true;
}

const flags: ReadonlyMap<string, boolean> = new Map([
  ...['true', 'yes', 'on', '1'].map((word) => [word, true] as const),
  ...['false', 'no', 'off', '0', ''].map((word) => [word, false] as const),
]);

const flag: Type<boolean> = {
  takes: 'true or false (also 1, 0, yes, no, on, off)',
  parse: (text) => flags.get(text.trim().toLowerCase()),
};

const text: Type<string> = { takes: 'any text', parse: (value) => value };

/** Like `text`, but the empty text counts as not set. */
const optionalText: Type<string | undefined> = {
  takes: 'any text',
  parse: (value) => (value === '' ? undefined : value),
};

/** `off` in any letters is `off`. */
const named: Type<string | undefined> = {
  takes: 'a file, JSON, or off',
  parse(value) {
    const meant = value.trim();
    if (meant === '') return undefined;
    return meant.toLowerCase() === 'off' ? 'off' : meant;
  },
};

const split = (value: string): readonly string[] =>
  value
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');

/** An empty key would let anyone sign. It is dropped, as in OSProfiler, and the others count. */
const keys: Type<readonly string[]> = {
  takes: 'keys separated by commas, none of them empty',
  parse: split,
  isWhole: (value) => value.trim() === '' || split(value).length === value.split(',').length,
};

const list: Type<readonly string[]> = { takes: 'names separated by commas', parse: split };

const connection: Type<string> = {
  takes: 'a connection string such as file:///var/lib/ostrace',
  parse: (value) => (/^[a-zA-Z][a-zA-Z0-9+.-]*:/.test(value) ? value : undefined),
};

const seconds: Type<number | undefined> = {
  takes: 'a whole number of seconds such as 60 (with a wrong value, no header triggers a trace)',
  parse: (value) => (/^\s*[1-9]\d{0,8}\s*$/.test(value) ? Number(value) : undefined),
};

const units = { s: 1, m: 60, h: 3600, d: 86_400 } as const;

/** Gives seconds. */
const duration: Type<number> = {
  takes: 'a time such as 90s, 30m, 12h or 7d',
  parse(value) {
    const [, count, unit = 's'] = /^\s*([1-9]\d{0,8})\s*([smhd])?\s*$/i.exec(value) ?? [];
    return count === undefined ? undefined : Number(count) * units[unit.toLowerCase() as keyof typeof units];
  },
  show: (value) => `${value / units.d}d`,
};

const multiples = { k: 2 ** 10, m: 2 ** 20, g: 2 ** 30 } as const;

/** Gives bytes. */
const size: Type<number> = {
  takes: 'a size such as 500kb, 64mb or 2gb',
  parse(value) {
    const [, count, unit] = /^\s*([1-9]\d{0,8})\s*([kmg])i?b?\s*$/i.exec(value) ?? [];
    return unit === undefined
      ? undefined
      : Number(count) * multiples[unit.toLowerCase() as keyof typeof multiples];
  },
  show: (value) => `${value / multiples.m}mb`,
};

const milliseconds: Type<number> = {
  takes: 'a whole number of milliseconds up to 60000',
  parse: (value) => (/^\s*\d{1,5}\s*$/.test(value) && Number(value) <= 60_000 ? Number(value) : undefined),
};

const on: Option<boolean> = { type: flag, default: true };
const off: Option<boolean> = { type: flag, default: false };

/** A switch for each target, or for several that belong together. */
const switches = Object.fromEntries(Object.keys(targetHelp).map((option) => [option, on])) as Readonly<
  Record<TargetOption, Option<boolean>>
>;

/**
 * Every setting, once. The environment variable, the type of the configuration and the table in docs/settings.md
 * are derived from this; OSProfiler's own options keep their names.
 */
export const options = {
  enabled: off,
  hmacKeys: {
    type: keys,
    default: [] as readonly string[],
    secret: true,
  },
  hmacMaxAge: {
    type: seconds,
    default: undefined as number | undefined,
    // The user wants old headers to be refused. Until it is clear how old, all are.
    ifWrong: 0,
  },
  connectionString: {
    type: connection,
    default: 'file://.ostrace',
  },
  transportUrl: {
    type: optionalText,
    default: undefined as string | undefined,
    secret: true,
  },
  filterErrorTrace: off,
  keepFor: {
    type: duration,
    default: undefined as number | undefined,
  },
  keepSize: {
    type: size,
    default: undefined as number | undefined,
  },
  linger: {
    type: milliseconds,
    default: 100,
  },
  shareWithGroup: off,
  exitTimeout: {
    type: milliseconds,
    default: 500,
  },
  spool: {
    type: optionalText,
    default: undefined as string | undefined,
  },
  spoolSize: {
    type: size,
    default: 64 * 2 ** 20,
  },
  spoolAge: {
    type: duration,
    default: 7 * 86_400,
  },
  profile: {
    type: optionalText,
    default: undefined as string | undefined,
    secret: true,
  },
  traceSql: off,
  traceSqlParams: off,
  maskSql: on,
  traceCommandArgs: off,
  traceGc: on,
  osloRead: off,
  osloWrite: off,
  propagateTo: {
    type: list,
    default: ['local'] as readonly string[],
  },
  project: { type: text, default: 'ostrace' },
  service: {
    type: optionalText,
    default: undefined as string | undefined,
  },
  host: {
    type: optionalText,
    default: undefined as string | undefined,
  },
  debug: off,
  instrumentations: {
    type: list,
    default: [] as readonly string[],
  },
  points: {
    type: named,
    default: undefined as string | undefined,
  },
  ...switches,
} as const satisfies Readonly<Record<string, Option<unknown>>>;

export type Options = typeof options;
export type OptionName = keyof Options;

/** `traceSql` → `OSTRACE_TRACE_SQL` */
export function variableName(option: string): string {
  return `OSTRACE_${option.replace(/[A-Z]/g, '_$&').toUpperCase()}`;
}
