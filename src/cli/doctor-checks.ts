// The checks of `ostrace doctor` that need no program: settings, stores, spool.
import { basename } from 'node:path';

import { type Config, readConfig, spoolSettings } from '../config/config.js';
import { options, variableName } from '../config/options.js';
import { nearest } from '../config/wording.js';
import { splitConnections } from '../drivers/index.js';
import { Spool } from '../export/spool.js';
import { count } from '../trace/count.js';
import { messageOf } from '../trace/notice.js';
import { manifest } from './manifest.js';
import { storeName, withStore } from './store.js';

/** The result of one check. */
export interface Check {
  readonly name:
    | 'node'
    | 'setting'
    | 'keys'
    | 'service'
    | 'clock'
    | 'preload'
    | 'store'
    | 'spool'
    | 'program'
    | 'hooks'
    | 'points'
    | 'request';
  /** After a `problem` there can be no trace. A `hint` may explain why a trace is not as expected. */
  readonly status: 'ok' | 'hint' | 'problem';
  /** One line for people. */
  readonly says: string;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Checks the settings of this shell.
 *
 * @param isJudged whether the settings of this shell matter: they do not for a service that runs already, nor for a
 *   program that reports its own
 */
export function checkEnvironment(env: Environment, isJudged: boolean): Check[] {
  const { config, problems } = readConfig(env);
  const checks: Check[] = [checkNode(process.versions.node)];
  for (const says of [...problems, ...nearlySettings(env)])
    checks.push({ name: 'setting', status: 'hint', says });
  if (!isJudged) return checks;
  const enabled = variableName('enabled');
  if (!config.enabled) {
    checks.push({ name: 'setting', status: 'problem', says: `${enabled} is not true: the agent is off` });
  }
  checks.push(checkKeys(config.hmacKeys.length, config.profile !== undefined));
  return checks;
}

function checkNode(version: string): Check {
  const oldest = manifest().engines.node.replace('>=', '');
  const isSupported = version.localeCompare(oldest, 'en', { numeric: true }) >= 0;
  return {
    name: 'node',
    status: isSupported ? 'ok' : 'problem',
    says: isSupported ? `Node.js ${version}` : `Node.js ${version} is too old; expected ${oldest} or newer`,
  };
}

function checkKeys(keyCount: number, isWhole: boolean): Check {
  const keys = variableName('hmacKeys');
  if (keyCount > 0) return { name: 'keys', status: 'ok', says: `${count(keyCount, 'key')} in ${keys}` };
  return isWhole
    ? {
        name: 'keys',
        status: 'hint',
        says: `${keys} is empty: the process is traced as a whole, and only headers that its own key signed trigger a trace`,
      }
    : { name: 'keys', status: 'problem', says: `${keys} is empty: nobody can trigger a trace` };
}

/** Variables that look like ours and are not: the agent cannot tell them from those of others. */
function nearlySettings(env: Environment): string[] {
  const names = Object.keys(options).map(variableName);
  return Object.keys(env).flatMap((variable) => {
    if (variable.startsWith('OSTRACE_')) return [];
    const name = nearest(variable.toUpperCase().replaceAll('-', '_'), names);
    return name === undefined ? [] : [`${variable} is not a setting (did you mean ${name}?)`];
  });
}

/** Whether a command, or its environment, names the preload. */
export function isPreloaded(program: readonly string[], { NODE_OPTIONS = '' }: Environment): boolean {
  return [...program.slice(0, scriptAt(program)), NODE_OPTIONS].some((text) => preload.test(text));
}

/** The script, if the preload stands behind it, where Node passes it to the application; otherwise undefined. */
export function scriptBeforePreload(program: readonly string[]): string | undefined {
  const at = scriptAt(program);
  return program.slice(at + 1).some((text) => preload.test(text)) ? program[at] : undefined;
}

const preload = /ostrace[\\/]register|dist[\\/]register\.m?js/;
// Options of Node that may have their value in the next argument.
const withValue =
  /^(?:-r|-C|-e|-p|-pe|--(?:require|import|conditions|eval|print|(?:experimental-)?loader|env-file(?:-if-exists)?|input-type|title|watch-path|icu-data-dir|inspect-port|dns-result-order|diagnostic-dir|unhandled-rejections|openssl-config|redirect-warnings|trace-event-categories|max-http-header-size|stack-trace-limit|disable-warning))$/;

/**
 * Finds the end of Node's own options in a command: the end of the command if there is no Node or no script in it.
 */
function scriptAt(program: readonly string[]): number {
  const node = program.findIndex((word) => /^node(?:js)?\d*(?:\.exe)?$/.test(basename(word)));
  const at = node < 0 ? -1 : program.findIndex((word, i) => i > node && isScript(word, program[i - 1]!));
  return at < 0 ? program.length : at;
}

const isScript = (word: string, before: string): boolean => !word.startsWith('-') && !withValue.test(before);

/** Whether each store can be read and written. */
export async function checkStores(config: Config): Promise<Check[]> {
  const each = splitConnections(config.connectionString);
  return Promise.all(each.map((connectionString) => checkStore({ ...config, connectionString })));
}

async function checkStore(config: Config): Promise<Check> {
  try {
    return {
      name: 'store',
      status: 'ok',
      says: await withStore(config, (driver) => driver.check()),
    };
  } catch (error) {
    return { name: 'store', status: 'problem', says: `${storeName(config)}: ${messageOf(error)}` };
  }
}

/** Checks whether events wait for a store; undefined if none do. */
export function checkSpool(config: Config): Check | undefined {
  let waiting;
  try {
    waiting = splitConnections(config.connectionString)
      .map((connection) => new Spool(connection, spoolSettings(config)))
      .map((spool) => ({ events: spool.count(), folder: spool.folder }))
      .filter(({ events }) => events > 0);
  } catch (error) {
    return { name: 'spool', status: 'hint', says: `the spool cannot be read: ${messageOf(error)}` };
  }
  if (waiting.length === 0) return undefined;
  const says = waiting
    .map(({ events, folder }) => `${count(events, 'event')} ${events === 1 ? 'waits' : 'wait'} in ${folder}`)
    .join(', ');
  return { name: 'spool', status: 'hint', says: `${says}; ostrace flush stores them` };
}
