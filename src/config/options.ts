// The table of settings, from which the environment variables, the configuration's type and the pages are made.
import { type TargetOption, targetHelp } from '../../instrumentations/targets.js';

/** What a setting accepts: its words for people, and the value or undefined where the text is wrong. */
export interface Type<T> {
  readonly takes: string;
  parse(text: string): T | undefined;
  /** A default value as people write it. */
  show?(value: number): string;
  /** Whether all of the text was used; what was is good, and the rest is a problem to report. */
  isWhole?(text: string): boolean;
}

interface Option<T> {
  readonly type: Type<T>;
  readonly default: T;
  readonly help: string;
  /** What holds where the value is wrong, when that must not be the default. */
  readonly ifWrong?: T;
  /** The value must never be printed. */
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

/** An empty key would let anyone sign: it is dropped, as OSProfiler does, and the others count. */
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
  takes: 'a whole number of seconds, such as 60; until then no header triggers a trace',
  parse: (value) => (/^\s*[1-9]\d{0,8}\s*$/.test(value) ? Number(value) : undefined),
};

const units = { s: 1, m: 60, h: 3600, d: 86_400 } as const;

/** Seconds. */
const duration: Type<number> = {
  takes: 'a time such as 90s, 30m, 12h or 7d',
  parse(value) {
    const [, count, unit = 's'] = /^\s*([1-9]\d{0,8})\s*([smhd])?\s*$/i.exec(value) ?? [];
    return count === undefined ? undefined : Number(count) * units[unit.toLowerCase() as keyof typeof units];
  },
  show: (value) => `${value / units.d}d`,
};

const multiples = { k: 2 ** 10, m: 2 ** 20, g: 2 ** 30 } as const;

/** Bytes. */
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
 * Every setting, once. The environment variable, the type of the configuration and the README's table
 * are derived from this; OSProfiler's own options keep their names.
 */
export const options = {
  enabled: off('Turns the agent on. Off, the preload loads nothing and patches nothing.'),
  hmacKeys: {
    type: keys,
    default: [] as readonly string[],
    secret: true,
    help: 'Keys that may trigger a trace by a signed header, separated by commas. The key that verified a request signs what follows. Without a key nobody can trigger.',
  },
  hmacMaxAge: {
    type: seconds,
    default: undefined as number | undefined,
    // Somebody wants old headers to be refused: until it is clear how old, all are.
    ifWrong: 0,
    help: 'How many seconds signed headers are good for, so that one that was overheard cannot be replayed for ever. Headers must then say when they were signed: those of `ostrace` and of all services under it do, those of OSProfiler do not, so a service that gets its requests from Python must not have this setting. For ever when not set.',
  },
  connectionString: {
    type: connection,
    default: 'file://.ostrace',
    help: 'Where traces go: `file://` and a folder, absolute or relative to where the process was started, or another store. Several, separated by commas, get all traces each; commands read the first that can be read.',
  },
  transportUrl: {
    type: optionalText,
    default: undefined as string | undefined,
    secret: true,
    help: 'The broker of `messaging://`, as `rabbit://user:password@host:5672/`.',
  },
  filterErrorTrace: off(
    'Also keeps a list of the traces with a failed point, for `trace list --error-trace`.',
  ),
  keepFor: {
    type: duration,
    default: undefined as number | undefined,
    help: 'How long the store keeps a trace: files and Redis. For ever when not set.',
  },
  keepSize: {
    type: size,
    default: undefined as number | undefined,
    help: 'How much the folder of files may hold; the oldest traces go first. Any amount when not set.',
  },
  linger: {
    type: milliseconds,
    default: 100,
    help: 'For how many milliseconds after its request was answered a trace still takes new points; work that began before is recorded to its end. What starts later is not recorded, but counted in the trace.',
  },
  shareWithGroup: off(
    'Lets the group of the folder of files read and write the traces in it, for services of several users. The user alone may when not set.',
  ),
  exitTimeout: {
    type: milliseconds,
    default: 500,
    help: 'How many milliseconds the end of the process waits for the store at the most; what is not stored by then is spooled.',
  },
  spool: {
    type: optionalText,
    default: undefined as string | undefined,
    help: 'The folder for events that a store does not take now; `ostrace-spool-` and the number of the user in the folder for temporary files when not set.',
  },
  spoolSize: {
    type: size,
    default: 64 * 2 ** 20,
    help: 'How much the spool may hold; what comes then is lost, and counted.',
  },
  spoolAge: {
    type: duration,
    default: 7 * 86_400,
    help: 'How long events wait in the spool; what is older is removed, and counted as lost.',
  },
  profile: {
    type: optionalText,
    default: undefined as string | undefined,
    secret: true,
    help: 'A key: the whole process is one trace, signed with it. Headers that it signed are believed, as those of `OSTRACE_HMAC_KEYS` are.',
  },
  traceSql: off('Adds a `sql` point with the statement to each `db` point.'),
  traceSqlParams: off("Adds the statement's parameters to `sql` points. They may hold secrets."),
  maskSql: on(
    'Puts a `?` for each literal of a recorded statement, and leaves its comments out: they may hold secrets.',
  ),
  traceCommandArgs: off('Adds the arguments to `command` points. They may hold secrets.'),
  propagateTo: {
    type: list,
    default: ['local'] as readonly string[],
    help: 'Hosts that receive signed trace headers: `local` (loopback, private addresses, names without a dot), host names, `*.example.org`, or `*` for all. All hosts that can read them must be among these, forward proxies too.',
  },
  project: { type: text, default: 'ostrace', help: 'The project that events name.' },
  service: {
    type: optionalText,
    default: undefined as string | undefined,
    help: "The service that events name; the script's name when not set, under pm2 the application's. Give each service its own.",
  },
  host: {
    type: optionalText,
    default: undefined as string | undefined,
    help: "The host that events name; the machine's name when not set.",
  },
  debug: off('Says on stderr what is hooked, what is left alone, and why a trace header is refused.'),
  instrumentations: {
    type: list,
    default: [] as readonly string[],
    help: "Instrumentations of one's own, separated by commas: files, as `./my-target.js`, and packages.",
  },
  ...switches,
} as const satisfies Readonly<Record<string, Option<unknown>>>;

export type Options = typeof options;
export type OptionName = keyof Options;

/** `traceSql` → `OSTRACE_TRACE_SQL` */
export function variableName(option: string): string {
  return `OSTRACE_${option.replace(/[A-Z]/g, '_$&').toUpperCase()}`;
}
