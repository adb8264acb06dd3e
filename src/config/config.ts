import { hostname } from 'node:os';
import { basename, extname, isAbsolute, resolve } from 'node:path';

import { schemeOf, schemes } from '../drivers/index.js';
import { type OptionName, type Options, type Type, options, variableName } from './options.js';

/** The settings as the agent uses them: names filled in, the file driver's folder absolute. */
export type Config = {
  readonly [Name in OptionName]: Options[Name]['default'];
} & { readonly service: string; readonly host: string };

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

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads the settings from environment variables. Never throws: a wrong value is a problem to print, and
 * the option's default is used, so that the application starts all the same.
 */
export function readConfig(env: Environment): ConfigResult {
  const problems: string[] = [];
  const values: Record<string, unknown> = {};
  for (const [name, option] of Object.entries(options)) {
    const variable = variableName(name);
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
  const connectionString = checkedConnection(values['connectionString'] as string, problems);
  values['connectionString'] = connectionString;
  values['service'] ??= scriptName();
  values['host'] ??= hostname();
  return { config: values as Config, problems };
}

const variables = Object.keys(options).map(variableName);
const known: ReadonlySet<string> = new Set([
  ...variables,
  ...Object.values(contextVariables),
  diagnosisVariable,
]);

function checkedConnection(connectionString: string, problems: string[]): string {
  const scheme = schemeOf(connectionString);
  if (!schemes.includes(scheme)) {
    problems.push(
      `${variableName('connectionString')} is ${quoted(masked(connectionString))}, for whose scheme there is no driver; expected one of ${schemes.map((s) => `${s}://`).join(', ')}; traces go to ${options.connectionString.default} instead`,
    );
    return checkedConnection(options.connectionString.default, problems);
  }
  if (scheme !== 'file') return connectionString;
  try {
    return absoluteFolder(connectionString);
  } catch {
    problems.push(
      `${variableName('connectionString')} names a folder below the working directory, which is gone; expected an absolute folder, as in file:///var/lib/ostrace`,
    );
    return connectionString;
  }
}

/**
 * A value that may be shown: without the name and the password that it may hold before a host, and without
 * what stands behind the host, or in place of a URL (`host=db password=…`).
 */
export function masked(given: string): string {
  const settings = /^file:/i.test(given) ? -1 : given.search(/[?#=]/);
  if (settings === -1) return withoutUser(given);
  // Which of the two has the password can't be told.
  if (given.includes('@', settings)) return given.replace(/^([a-z\d+.-]*:?\/\/)?.*$/is, '$1***');
  return `${withoutUser(given.slice(0, settings + 1))}***`;
}

function withoutUser(given: string): string {
  return given.replace(/^([a-z\d+.-]*:?\/\/)?.*@/is, '$1***@');
}

const maxShownLength = 200;

/** A text as a problem shows it: on one line, of a readable length, and nothing that a terminal acts on. */
function quoted(text: string): string {
  const start = text.length > maxShownLength ? `${text.slice(0, maxShownLength)}…` : text;
  return JSON.stringify(start).replace(
    /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`,
  );
}

/** A relative folder means the one below the start's working directory, wherever the process goes later. */
function absoluteFolder(connectionString: string): string {
  const folder = connectionString.slice('file:'.length).replace(/^\/\//, '');
  return `file://${isAbsolute(folder) ? folder : resolve(folder)}`;
}

function scriptName(): string {
  const script = process.argv[1];
  return script === undefined ? 'node' : basename(script, extname(script)) || 'node';
}

/** A hint for a mistyped variable: the setting that shares its letters, or differs by two at the most. */
function nearest(variable: string): string {
  const match = variables.find(
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
