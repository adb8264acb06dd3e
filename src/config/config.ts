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
  /** One line each, for stderr: the variable, what it got (never a key) and what it takes. */
  readonly problems: readonly string[];
}

/**
 * Variables by which a traced process hands its context to a Node process that it starts; they are not
 * settings, and a signature protects them.
 */
export const contextVariables = { info: 'OSTRACE_TRACE_INFO', hmac: 'OSTRACE_TRACE_HMAC' } as const;

/** Where a process writes what became of its hooks: `ostrace doctor` sets it for the program that it runs. */
export const diagnosisVariable = 'OSTRACE_DIAGNOSIS_FILE';

/** What the drivers may know of the configuration: no keys. */
export function driverSettings(config: Config): DriverSettings {
  const { filterErrorTrace, project, service, host, transportUrl, keepFor, keepSize, shareWithGroup } =
    config;
  return { filterErrorTrace, project, service, host, transportUrl, keepFor, keepSize, shareWithGroup };
}

// Asked when the first event names the host: the agent starts without it.
const os = (): typeof import('node:os') => require('node:os') as typeof import('node:os');

/** Where and how much is spooled. */
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
 * Reads the settings from environment variables. Never throws: a wrong value is a problem to print, and
 * the option's default is used, so that the application starts all the same.
 */
export function readConfig(env: Environment): ConfigResult {
  const problems: string[] = [];
  const values: Record<string, unknown> = {};
  for (const [variable, name] of variables) {
    const option: Options[OptionName] = options[name];
    const given = env[variable];
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
      problems.push(`${name} is not a setting${nearest(variable)}; see the README's table`);
    }
  }
  values['connectionString'] = checkedConnections(values['connectionString'] as string, problems);
  values['service'] ??= scriptName();
  if (values['host'] === undefined) {
    Object.defineProperty(values, 'host', { get: () => os().hostname(), enumerable: true });
  }
  return { config: values as Config, problems };
}

const variables: ReadonlyMap<string, OptionName> = new Map(
  Object.keys(options).map((name) => [variableName(name), name as OptionName]),
);
const known: ReadonlySet<string> = new Set([
  ...variables.keys(),
  ...Object.values(contextVariables),
  diagnosisVariable,
]);

/** The connection strings that can be used, each in the form in which it means the same everywhere. */
function checkedConnections(given: string, problems: string[]): string {
  const otherwise = options.connectionString.default;
  // Of most processes; the expressions that look at others cost the start a third of a millisecond.
  if (given === otherwise) return absolute(given, problems);
  const wrong = splitConnections(given).filter((each) => !schemes.includes(schemeOf(each)));
  const good = splitConnections(given).filter((each) => !wrong.includes(each));
  for (const each of wrong) {
    problems.push(
      `${variableName('connectionString')} is ${quoted(masked(each))}, for whose scheme there is no driver; expected one of ${schemes.map((s) => `${s}://`).join(', ')}; traces go to ${good.length > 0 ? 'the others' : otherwise} instead`,
    );
  }
  return (good.length > 0 ? good : [otherwise]).map((each) => usable(each, problems)).join(',');
}

function usable(connectionString: string, problems: string[]): string {
  return schemeOf(connectionString) === 'file' ? absolute(connectionString, problems) : connectionString;
}

function absolute(connectionString: string, problems: string[]): string {
  try {
    return absoluteFolder(connectionString);
  } catch {
    problems.push(
      `${variableName('connectionString')} names a folder below the working directory, which is gone; expected an absolute folder, as in file:///var/lib/ostrace`,
    );
    return connectionString;
  }
}

const maxShownLength = 200;

/** A text as a problem shows it: on one line, of a readable length, and nothing that a terminal acts on. */
function quoted(text: string): string {
  const start = text.length > maxShownLength ? `${text.slice(0, maxShownLength)}…` : text;
  // Not a literal: V8 reads those with the code that they are in, and sets of Unicode take it half a millisecond.
  const unprintable = new RegExp('[\\p{Cc}\\p{Cf}\\p{Cs}\\p{Co}\\p{Zl}\\p{Zp}]', 'gu');
  return JSON.stringify(start).replace(
    unprintable,
    (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`,
  );
}

/** A relative folder means the one below the start's working directory, wherever the process goes later. */
function absoluteFolder(connectionString: string): string {
  const rest = connectionString.slice('file:'.length);
  const folder = rest.startsWith('//') ? rest.slice(2) : rest;
  return `file://${isAbsolute(folder) ? folder : resolve(folder)}`;
}

function scriptName(): string {
  const script = process.argv[1];
  return script === undefined ? 'node' : basename(script, extname(script)) || 'node';
}

/** A hint for a mistyped variable: the setting that shares its letters, or differs by two at the most. */
function nearest(variable: string): string {
  const match = [...variables.keys()].find(
    (name) => Math.abs(name.length - variable.length) <= 2 && distance(name, variable) <= 2,
  );
  return match === undefined ? '' : ` (did you mean ${match}?)`;
}

function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const swap = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(swap, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
