import { type Config, readConfig, spoolSettings } from '../config/config.js';
import { variableName } from '../config/options.js';
import { splitConnections } from '../drivers/index.js';
import { Spool } from '../export/spool.js';
import { messageOf } from '../trace/notice.js';
import { type ProcessReport, whySkipped } from '../trace/process-report.js';
import { manifest } from './manifest.js';
import { storeName, withStore } from './store.js';

/** One thing that was looked at. */
export interface Check {
  readonly name:
    | 'node'
    | 'setting'
    | 'keys'
    | 'preload'
    | 'store'
    | 'spool'
    | 'program'
    | 'hooks'
    | 'request';
  /** With a `problem` there can be no trace; a `hint` may explain why one is not as expected. */
  readonly status: 'ok' | 'hint' | 'problem';
  /** One line for people. */
  readonly says: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The settings of this shell, and how a program is started with them.
 *
 * @param program the program and its arguments, if there is one
 * @param isJudged whether it matters what this shell has: not for a service that runs already
 */
export function checkEnvironment(env: Environment, program: readonly string[], isJudged: boolean): Check[] {
  const { config, problems } = readConfig(env);
  const checks: Check[] = [checkNode(process.versions.node)];
  for (const says of problems) checks.push({ name: 'setting', status: 'hint', says });
  if (!isJudged) return checks;
  const enabled = variableName('enabled');
  if (!config.enabled) {
    checks.push({ name: 'setting', status: 'problem', says: `${enabled} is not true: the agent is off` });
  }
  checks.push(checkKeys(config.hmacKeys.length, config.profile !== undefined));
  if (program.length > 0 && !isPreloaded(program, env)) {
    const says =
      'the command has no --import ostrace/register, nor has NODE_OPTIONS; without it nothing is traced';
    checks.push({ name: 'preload', status: 'hint', says });
  }
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

function checkKeys(count: number, isWhole: boolean): Check {
  const keys = variableName('hmacKeys');
  if (count > 0) return { name: 'keys', status: 'ok', says: `${count} in ${keys}` };
  return isWhole
    ? {
        name: 'keys',
        status: 'hint',
        says: `${keys} is empty: the process is traced as a whole, headers that its key signed trigger`,
      }
    : { name: 'keys', status: 'problem', says: `${keys} is empty: nobody can trigger a trace` };
}

function isPreloaded(program: readonly string[], { NODE_OPTIONS = '' }: Environment): boolean {
  return [...program, NODE_OPTIONS].some((text) => /ostrace[\\/]register|dist[\\/]register\.js/.test(text));
}

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

/** Whether events wait for a store; undefined where none do. */
export function checkSpool(config: Config): Check | undefined {
  const waiting = splitConnections(config.connectionString)
    .map((connection) => new Spool(connection, spoolSettings(config)))
    .map((spool) => ({ count: spool.count(), folder: spool.folder }))
    .filter(({ count }) => count > 0);
  if (waiting.length === 0) return undefined;
  const says = waiting.map(({ count, folder }) => `${count} events wait in ${folder}`).join(', ');
  return { name: 'spool', status: 'hint', says: `${says}; ostrace flush stores them` };
}

/**
 * What the agent in the program found.
 *
 * @param report undefined when there was no agent
 * @param ended how the program ended, when that was not as it should
 */
export function checkProgram(report: ProcessReport | undefined, ended: string | undefined): Check[] {
  const checks: Check[] = [];
  const add = (status: Check['status'], name: Check['name'], says: string): void =>
    void checks.push({ name, status, says });
  if (ended !== undefined) add('problem', 'program', ended);
  if (report === undefined) {
    const why = `no agent ran in the program: ${variableName('enabled')} is not true there, or nothing preloads ostrace/register`;
    add('problem', 'program', why);
    return checks;
  }
  add('ok', 'program', `${report.script ?? 'the program'}, Node.js ${report.node}, process ${report.pid}`);
  const isLate = report.loaded === 'by the application itself';
  add(
    isLate ? 'hint' : 'ok',
    'preload',
    isLate
      ? 'ostrace/register was loaded by the application: what it loaded before is not traced'
      : report.loaded,
  );
  if (report.keys === 0 && !report.isWhole) {
    add('problem', 'keys', `${variableName('hmacKeys')} is empty in the program`);
  }
  for (const { name, version, folder } of report.hooked) add('ok', 'hooks', `${name} ${version} (${folder})`);
  for (const skipped of report.skipped) add('hint', 'hooks', whySkipped(skipped));
  const hooked = new Set(report.hooked.map(({ name }) => name));
  for (const name of report.early.filter((each) => !hooked.has(each))) {
    add('hint', 'hooks', `${name} was loaded before the agent: put ostrace/register first`);
  }
  for (const name of report.bundled) {
    add(
      'hint',
      'hooks',
      `${name} is bundled into ${report.script}: leave it out (esbuild: --external:${name})`,
    );
  }
  for (const option of report.switchedOff) add('hint', 'hooks', `${variableName(option)} is false`);
  if (report.hooked.length === 0) {
    add('hint', 'hooks', 'no database driver was loaded; HTTP, commands and threads are traced');
  }
  const { triggered } = report;
  const requests = triggered === 1 ? '1 request' : `${triggered || 'no'} requests`;
  add('ok', 'request', `${requests} began a trace in the program`);
  for (const [reason, count] of Object.entries(report.refused)) {
    add(
      'problem',
      'request',
      `${count} trace ${count === 1 ? 'header was' : 'headers were'} refused: ${reason}`,
    );
  }
  return checks;
}
