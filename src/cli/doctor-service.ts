// Finds out why a service that runs already made no trace, from how its process was started.
import { networkInterfaces } from 'node:os';

import { type Config, readConfig } from '../config/config.js';
import { variableName } from '../config/options.js';
import { masked, schemeOf, splitConnections } from '../drivers/index.js';
import { messageOf } from '../trace/notice.js';
import { type Check, checkEnvironment, isPreloaded } from './doctor-checks.js';
import { type StartedProcess, below, commandOf, isNode, listenersOn, started } from './doctor-processes.js';
import type { Asked } from './doctor-request.js';

type Found = Pick<Check, 'status' | 'says'>;

/** What to do where nothing preloads the agent. */
export const preloadAdvice = 'start it with node --import ostrace/register, or with that in NODE_OPTIONS';

export const pm2Advice =
  "pm2's cluster mode (-i, instances) sets an application's NODE_OPTIONS too late for a preload: put '--require' and the whole path of ostrace/register into its node_args";

/** The things that a service may lack, if nothing tells which of them. */
const reasons = `a service makes no trace if it has no agent (${variableName('enabled')}, --import ostrace/register), another key (${variableName('hmacKeys')}) or another store (${variableName('connectionString')}); if a proxy in between drops X-Trace-Info, X-Trace-HMAC or X-Trace-Time; or if its clock differs by more than its ${variableName('hmacMaxAge')}`;

/**
 * Finds out why a service that runs already made no trace of a request, from how its process was started, if it
 * runs on this machine and the system tells.
 *
 * @param key the key that signed the request
 */
export function checkService(url: URL, asked: Asked, config: Config | undefined, key: string): Check[] {
  if (!asked.isAnswered || asked.isFound === true) return [];
  let processes: StartedProcess[] = [];
  try {
    processes = isHere(url.hostname)
      ? servicesOn(Number(url.port || (url.protocol === 'https:' ? 443 : 80)))
      : [];
  } catch (error) {
    return [{ name: 'service', status: 'hint', says: `its process cannot be examined: ${messageOf(error)}` }];
  }
  const services = processes.filter(isNode);
  const checks = services.slice(0, 1).flatMap((service) => checkStarted(service, asked, config, key));
  for (const { pid, program } of processes.filter((each) => !isNode(each)).slice(0, 1)) {
    const says = `process ${pid} (${program}) answers there, and is not a Node.js process: a proxy must let X-Trace-Info, X-Trace-HMAC and X-Trace-Time through; give the URL of the service itself to see whether the proxy is the cause`;
    checks.push({ name: 'service', status: 'problem', says });
  }
  // Added even if a service was found: the process that answers may be a proxy in front of the service that is a
  // Node program itself.
  return asked.isFound === undefined
    ? checks
    : [...checks, { name: 'service', status: 'hint', says: reasons }];
}

function isHere(hostname: string): boolean {
  const host = hostname.replace(/^\[|\]$/g, '');
  if (host === 'localhost' || host.startsWith('127.')) return true;
  const own = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return own.some(({ address }) => address === host);
}

/** The processes that serve a port. If pm2's daemon has the port, its workers serve it. */
function servicesOn(port: number): StartedProcess[] {
  return listenersOn(port).flatMap((listener) => {
    if (!/\bGod Daemon\b|pm2[\\/]lib[\\/]Daemon\.js/.test(listener.args.join(' '))) return [listener];
    const workers = (below(listener.pid) ?? []).flatMap(({ pid }) => started(pid) ?? []);
    return workers.filter(({ env }) => env['pm2_env'] !== undefined).map(ofPm2);
  });
}

/** A worker of pm2's cluster mode, with the settings that the preload takes from pm2's variable. */
function ofPm2(worker: StartedProcess): StartedProcess {
  const { pm2_env = '{}', ...env } = worker.env;
  const own = JSON.parse(pm2_env) as Readonly<Record<string, unknown>>;
  const settings = Object.entries(own).filter(
    ([name]) => name.startsWith('OSTRACE_') || name === 'NODE_OPTIONS',
  );
  const { node_args, pm_cwd, pm_exec_path } = own;
  return {
    ...worker,
    args: [
      ...(Array.isArray(node_args) ? node_args.map(String) : []),
      ...(typeof pm_exec_path === 'string' ? [pm_exec_path] : []),
    ],
    env: {
      ...env,
      ...Object.fromEntries(settings.map(([name, value]) => [name, String(value)])),
      pm2_NODE_OPTIONS: env['NODE_OPTIONS'] ?? '',
    },
    cwd: typeof pm_cwd === 'string' ? pm_cwd : worker.cwd,
  };
}

function checkStarted(
  service: StartedProcess,
  asked: Asked,
  config: Config | undefined,
  key: string,
): Check[] {
  const { pid, args, env, cwd } = service;
  const checks: Check[] = [];
  const add = (status: Check['status'], says: string): void =>
    void checks.push({ name: 'service', status, says });
  add('ok', `process ${pid} answers there: ${commandOf(service)}, started in ${cwd}`);
  const isClustered = env['pm2_NODE_OPTIONS'] !== undefined;
  const real = isClustered ? { ...env, NODE_OPTIONS: env['pm2_NODE_OPTIONS'] } : env;
  if (!isPreloaded(args, real)) {
    add(
      'problem',
      isClustered && isPreloaded([], env)
        ? pm2Advice
        : `it does not preload ostrace/register; ${preloadAdvice}`,
    );
  }
  for (const check of checkEnvironment(env, true)) {
    if (check.name !== 'node' && check.status !== 'ok') {
      add(check.status, `in the environment that it was started with, ${check.says}`);
    }
  }
  const read = readConfig(env, { script: undefined, folder: cwd }).config;
  if (read.hmacKeys.length > 0 && !read.hmacKeys.includes(key)) {
    add('problem', `its ${variableName('hmacKeys')} does not contain the key that doctor signs with`);
  }
  const differ = config && storesDiffer(masked(read.connectionString), masked(config.connectionString));
  if (differ !== undefined) add(differ.status, `it ${differ.says}`);
  const { hmacMaxAge } = read;
  if (hmacMaxAge !== undefined && Math.abs(asked.clock) >= hmacMaxAge) {
    add(
      'problem',
      `its clock differs by ${Math.abs(asked.clock)} s, and its ${variableName('hmacMaxAge')} is ${hmacMaxAge} s, so it may refuse headers that are signed here; synchronise the clocks (NTP)`,
    );
  }
  return checks;
}

/** Says that a program stores traces where a command does not look; undefined if the command looks there. */
export function storesDiffer(theirs: string, ours: string): Found | undefined {
  const [there, here] = [splitConnections(theirs), splitConnections(ours)];
  if (here.some((each) => there.includes(each))) return undefined;
  const areFiles = [...there, ...here].every((each) => schemeOf(each) === 'file');
  return {
    // Two different texts may mean the same database.
    status: areFiles ? 'problem' : 'hint',
    says: `stores in ${theirs}, and this command looks in ${ours}: ${
      areFiles
        ? `give both the same absolute folder in ${variableName('connectionString')}, because a relative one is resolved in the folder in which each was started`
        : `give both the same ${variableName('connectionString')}`
    }`,
  };
}
