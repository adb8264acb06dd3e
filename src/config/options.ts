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
  readonly help: string;
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

const on = (help: string): Option<boolean> => ({ type: flag, default: true, help });
const off = (help: string): Option<boolean> => ({ type: flag, default: false, help });

/** A switch for each target, or for several that belong together. */
const switches = Object.fromEntries(
  Object.entries(targetHelp).map(([option, help]) => [option, on(`Instruments ${help}.`)]),
) as Readonly<Record<TargetOption, Option<boolean>>>;

/**
 * Every setting, once. The environment variable, the type of the configuration and the table in docs/settings.md
 * are derived from this; OSProfiler's own options keep their names.
 */
export const options = {
  enabled: off('Turns the agent on. Off, the preload loads nothing and patches nothing.'),
  hmacKeys: {
    type: keys,
    default: [] as readonly string[],
    secret: true,
    help: 'The keys that may trigger a trace by a signed header. The key that verified a request also signs the requests that follow from it. Without a key, nobody can trigger a trace by a header.',
  },
  hmacMaxAge: {
    type: seconds,
    default: undefined as number | undefined,
    // The user wants old headers to be refused. Until it is clear how old, all are.
    ifWrong: 0,
    help: 'How many seconds a signed header is valid, so that an overheard header cannot be replayed forever. Headers must then say when they were signed. The headers of `ostrace` and of services under it do; the headers of OSProfiler do not, so a service that Python services call must not have this setting. Not set: forever.',
  },
  connectionString: {
    type: connection,
    default: 'file://.ostrace',
    help: 'Where traces are stored: `file://` and a folder, absolute or relative to the folder in which the process was started, or another store. Several stores, separated by commas, each get all traces; commands read the first one that can be read.',
  },
  transportUrl: {
    type: optionalText,
    default: undefined as string | undefined,
    secret: true,
    help: 'The broker for `messaging://`, such as `rabbit://user:password@host:5672/`.',
  },
  filterErrorTrace: off(
    'Also keeps a list of the traces with a failed point, for `trace list --error-trace`.',
  ),
  keepFor: {
    type: duration,
    default: undefined as number | undefined,
    help: 'How long a trace is kept, in files and Redis. Not set: forever.',
  },
  keepSize: {
    type: size,
    default: undefined as number | undefined,
    help: 'How much the folder of files may hold; the oldest traces are removed first. Not set: no limit.',
  },
  linger: {
    type: milliseconds,
    default: 100,
    help: 'How many milliseconds a trace still accepts new points after its request was answered. Work that began before is recorded to its end. Work that begins later is not recorded, but counted in the trace.',
  },
  shareWithGroup: off(
    'Lets the group of the folder of files read and write the traces in it, for services of several users. Not set: only the user can.',
  ),
  exitTimeout: {
    type: milliseconds,
    default: 500,
    help: 'How many milliseconds a process that ends waits for the store, at most. Events that are not stored by then are spooled.',
  },
  spool: {
    type: optionalText,
    default: undefined as string | undefined,
    help: 'The folder for events that a store does not accept at the moment. Not set: `ostrace-spool-` and the id of the user, in the folder for temporary files.',
  },
  spoolSize: {
    type: size,
    default: 64 * 2 ** 20,
    help: 'How much the spool of each store may hold. Events that do not fit are lost, and counted.',
  },
  spoolAge: {
    type: duration,
    default: 7 * 86_400,
    help: 'How long events may wait in the spool. Older events are removed, and counted as lost.',
  },
  profile: {
    type: optionalText,
    default: undefined as string | undefined,
    secret: true,
    help: 'A key. The whole process is one trace, signed with this key. Headers that this key signed trigger traces, as with `OSTRACE_HMAC_KEYS`.',
  },
  traceSql: off('Adds a `sql` point with the statement to each `db` point.'),
  traceSqlParams: off("Adds the statement's parameters to `sql` points. They may hold secrets."),
  maskSql: on(
    'Replaces each literal of a recorded statement with `?`, and leaves its comments out, because they may hold secrets.',
  ),
  traceCommandArgs: off('Adds the arguments to `command` points. They may hold secrets.'),
  propagateTo: {
    type: list,
    default: ['local'] as readonly string[],
    help: 'The hosts that may receive signed trace headers: `local` (loopback, private addresses, names without a dot), host names, `*.example.org`, or `*` for all. Every host that can read the headers must be among these, forward proxies too.',
  },
  project: { type: text, default: 'ostrace', help: 'The project name in events.' },
  service: {
    type: optionalText,
    default: undefined as string | undefined,
    help: "The service name in events. Give each service its own. Not set: the name of the script, or under pm2 the application's name.",
  },
  host: {
    type: optionalText,
    default: undefined as string | undefined,
    help: 'The host name in events. Not set: the name of the machine.',
  },
  debug: off('Reports on stderr what is hooked, what is left alone, and why a trace header is refused.'),
  instrumentations: {
    type: list,
    default: [] as readonly string[],
    help: 'Instrumentations of your own, separated by commas: files, such as `./my-target.js`, and packages.',
  },
  ...switches,
} as const satisfies Readonly<Record<string, Option<unknown>>>;

export type Options = typeof options;
export type OptionName = keyof Options;

/** `traceSql` → `OSTRACE_TRACE_SQL` */
export function variableName(option: string): string {
  return `OSTRACE_${option.replace(/[A-Z]/g, '_$&').toUpperCase()}`;
}
