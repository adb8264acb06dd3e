// Makes the configuration from the environment.
import { basename, extname, isAbsolute, resolve } from 'node:path';

import type { DriverSettings } from '../drivers/driver.js';
import { masked, schemeOf, schemes, splitConnections } from '../drivers/schemes.js';
import { type OptionName, type Options, type Type, options, variableName } from './options.js';

/** The settings as the agent uses them: names filled in, the file driver's folder absolute. */
export type Config = {
  readonly [Name in OptionName]: Widened<Options[Name]['default']>;
} & { readonly service: string; readonly host: string };

type Widened<T> = T extends number ? number : T extends string ? string : T;

export interface ConfigResult {
  readonly config: Config;
  /** One line each, for stderr: the variable, its value (never a key) and what it expects. */
  readonly problems: readonly string[];
  /** Gives a line for people about variables that were set since; undefined if nothing has changed. */
  late(): string | undefined;
}

/**
 * The variables by which a traced process hands its context to a Node process that it starts. They are not
 * settings, and a signature protects them.
 */
export const contextVariables = { info: 'OSTRACE_TRACE_INFO', hmac: 'OSTRACE_TRACE_HMAC' } as const;

/** The file to which a process writes what its hooks did. `ostrace doctor` sets it for the program that it runs. */
export const diagnosisVariable = 'OSTRACE_DIAGNOSIS_FILE';

/** The pager of the commands. It is in the shell's environment, which traced processes inherit. */
export const pagerVariable = 'OSTRACE_PAGER';

/** The part of the configuration that the drivers may know: no keys. */
export function driverSettings(config: Config): DriverSettings {
  const { filterErrorTrace, project, service, host, transportUrl, keepFor, keepSize, shareWithGroup } =
    config;
  return { filterErrorTrace, project, service, host, transportUrl, keepFor, keepSize, shareWithGroup };
}

// Loaded when the first event names the host, because the agent starts without it.
const os = (): typeof import('node:os') => require('node:os') as typeof import('node:os');

/** The place and the limits of the spool. */
export function spoolSettings({ spool, spoolSize, spoolAge, transportUrl }: Config): {
  readonly folder: string | undefined;
  readonly temporary: string;
  readonly size: number;
  readonly age: number;
  readonly transportUrl: string | undefined;
} {
  return { folder: spool, temporary: os().tmpdir(), size: spoolSize, age: spoolAge, transportUrl };
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads the settings from environment variables. Never throws: a wrong value is a problem to print, and the
 * option's default is used, so the application starts all the same.
 *
 * @param start how the process was started whose environment it is
 */
export function readConfig(env: Environment, start: Start = startOf(env)): ConfigResult {
  const problems: string[] = [];
  const values: Record<string, unknown> = {};
  const texts: Record<string, string | undefined> = {};
  for (const [variable, name] of variables) {
    const option: Options[OptionName] = options[name];
    const given = (texts[variable] = env[variable]);
    const type: Type<unknown> = option.type;
    const value = given === undefined ? option.default : type.parse(given);
    const isSet = given !== undefined && given !== '';
    const isWrong = isSet && (value === undefined || type.isWhole?.(given) === false);
    if (isWrong) {
      const got = 'secret' in option ? 'a value that is not shown' : quoted(masked(given));
      problems.push(`${variable} is ${got}; expected ${option.type.takes}`);
    }
    values[name] = value ?? (isWrong && 'ifWrong' in option ? option.ifWrong : option.default);
  }
  for (const variable of Object.keys(env)) {
    if (variable.startsWith('OSTRACE_') && !known.has(variable)) {
      const name = /^\w{1,100}$/.test(variable) ? variable : quoted(variable);
      problems.push(`${name} is not a setting${hint(variable)}; see docs/settings.md`);
    }
  }
  const { script = 'node', folder, name = basename(script, extname(script)) } = start;
  const connections = values['connectionString'] as string;
  values['connectionString'] = checkedConnections(connections, folder, problems);
  values['instrumentations'] = (values['instrumentations'] as readonly string[]).map((each) =>
    each.startsWith('.') ? resolve(folder, each) : each,
  );
  const points = values['points'] as string | undefined;
  // A list is JSON too, of which it is said that it is no object.
  if (points !== undefined && points !== 'off' && !/^[{[]/.test(points))
    values['points'] = resolve(folder, points);
  values['service'] ??= name || 'node';
  if (values['host'] === undefined) {
    Object.defineProperty(values, 'host', { get: () => os().hostname(), enumerable: true });
  }
  return { config: values as Config, problems, late: () => wording().late(texts, env) };
}

const variables: ReadonlyMap<string, OptionName> = new Map(
  Object.keys(options).map((name) => [variableName(name), name as OptionName]),
);
const known: ReadonlySet<string> = new Set([
  ...variables.keys(),
  ...Object.values(contextVariables),
  diagnosisVariable,
  pagerVariable,
]);

/** The connection strings that can be used, each in the form in which it means the same everywhere. */
function checkedConnections(given: string, base: string, problems: string[]): string {
  const otherwise = options.connectionString.default;
  // Most processes have the default. The regular expressions for other values cost the start a third of a
  // millisecond.
  if (given === otherwise) return absolute(given, base, problems);
  const wrong = splitConnections(given).filter((each) => !schemes.includes(schemeOf(each)));
  const good = splitConnections(given).filter((each) => !wrong.includes(each));
  for (const each of wrong) {
    problems.push(
      `${variableName('connectionString')} is ${quoted(masked(each))}, and there is no driver for that scheme; expected one of ${schemes.map((s) => `${s}://`).join(', ')}; traces go to ${good.length > 0 ? 'the others' : otherwise} instead`,
    );
  }
  return (good.length > 0 ? good : [otherwise]).map((each) => usable(each, base, problems)).join(',');
}

function usable(connectionString: string, base: string, problems: string[]): string {
  return schemeOf(connectionString) === 'file'
    ? absolute(connectionString, base, problems)
    : connectionString;
}

function absolute(connectionString: string, base: string, problems: string[]): string {
  try {
    return absoluteFolder(connectionString, base);
  } catch {
    problems.push(
      `${variableName('connectionString')} names a relative folder, and the working directory is gone; expected an absolute folder, as in file:///var/lib/ostrace`,
    );
    return connectionString;
  }
}

/** A relative folder is resolved in the working directory of the start, wherever the process goes later. */
function absoluteFolder(connectionString: string, base: string): string {
  const rest = connectionString.slice('file:'.length);
  const named = rest.startsWith('//') ? rest.slice(2) : rest;
  // RFC 8089 allows this one host name for this machine.
  const folder = /^localhost\//i.test(named) && rest !== named ? named.slice('localhost'.length) : named;
  return `file://${isAbsolute(folder) ? folder : resolve(base, folder)}`;
}

/** How a process was started. */
interface Start {
  readonly script: string | undefined;
  /** The folder; '' for the working directory. */
  readonly folder: string;
  /** The name of the application there. */
  readonly name?: string | undefined;
}

/** pm2 runs a file of its own, which then loads the application; in cluster mode it changes the folder before. */
export function startOf(env: Environment): Start {
  const script = process.argv[1];
  const container = script === undefined ? '' : basename(script);
  if (container !== 'ProcessContainer.js' && container !== 'ProcessContainerFork.js')
    return { script, folder: '' };
  return { script: env['pm_exec_path'] ?? script, folder: env['pm_cwd'] ?? '', name: env['name'] };
}

const wording = (): typeof import('./wording.js') => require('./wording.js') as typeof import('./wording.js');

const quoted = (text: string): string => wording().quoted(text);

/** A hint for a mistyped variable. */
function hint(mistyped: string): string {
  const name = wording().nearest(mistyped, variables.keys());
  return name === undefined ? '' : ` (did you mean ${name}?)`;
}
