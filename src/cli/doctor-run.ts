// Turns the run of a program, and the request that was sent to it, into checks of `ostrace doctor`.
import { basename } from 'node:path';

import { type Config, readConfig } from '../config/config.js';
import type { ProcessReport } from '../diagnosis/process-report.js';
import { type Check, type Environment, isPreloaded, scriptBeforePreload } from './doctor-checks.js';
import { commandOf, isNode } from './doctor-processes.js';
import type { Program } from './doctor-program.js';
import { checkReport } from './doctor-report.js';
import type { Asked } from './doctor-request.js';
import { pm2Advice, preloadAdvice } from './doctor-service.js';
import { checkTriggers } from './doctor-triggers.js';
import { whyNoNode } from './program.js';

/** A program that was examined, and the results. */
export interface Run {
  readonly program: Program;
  readonly report: ProcessReport | undefined;
  /** The program and its arguments. */
  readonly operands: readonly string[];
  /** The URL to which a request was sent; undefined if none was sent. */
  readonly url: URL | undefined;
  readonly asked: Asked | undefined;
  readonly waitMs: number;
}

// Programs that only start the program that is meant, and have the preload by NODE_OPTIONS as that does.
const launchers =
  /^(?:npm|npx|yarn|pnpm|corepack|nodemon|forever|monitor|pm2.*|Daemon|tsx|cli|concurrently|turbo|nx|dotenv|env-cmd)$/;

/**
 * The process that is meant, among those that have the preload: the one that serves requests, or else the first
 * that was started.
 */
export function mainOf(reports: readonly ProcessReport[]): ProcessReport | undefined {
  const weight = (report: ProcessReport): number => {
    const { triggered, refused, requests, isServer, off, script = '' } = report;
    if (triggered > 0) return 6;
    if (Object.keys(refused).length > 0) return 5;
    if (requests > 0) return 4;
    if (isServer === true) return 3;
    if (launchers.test(basename(script).replace(/\.[cm]?js$/, ''))) return 0;
    return off === undefined ? 2 : 1;
  };
  return reports.toSorted((a, b) => weight(b) - weight(a))[0];
}

/** Checks a program, and the request that was sent to it. */
export function checkProgram(run: Run, env: Environment, config: Config | undefined): Check[] {
  const { program, report, asked } = run;
  const checks: Check[] = [];
  const add = (says: string): void => void checks.push({ name: 'program', status: 'problem', says });
  const failed = program.problem();
  if (failed !== undefined) add(failed);
  if (report === undefined) {
    if (!program.isMissing()) add(whyNoAgent(run, env));
    return checks;
  }
  // If the trace was found, the store is the right one, whatever its name is.
  checks.push(...checkReport(report, asked?.isFound === true ? undefined : config, readConfig(env).problems));
  if (asked !== undefined && !asked.isAnswered && failed === undefined && !asked.isLate)
    add(whyNoAnswer(run));
  if (report.off === undefined) checks.push(...checkTriggers(report, asked, listensThere(run)));
  return checks;
}

/** Whether the program has the port of the URL; undefined if the system does not tell. */
function listensThere({ program, url }: Run): boolean | undefined {
  if (url === undefined || program.running() === undefined) return undefined;
  return program.ports().includes(portOf(url));
}

const portOf = ({ port, protocol }: URL): number => Number(port || (protocol === 'https:' ? 443 : 80));

function whyNoAgent({ program, operands, waitMs }: Run, env: Environment): string {
  const start = 'no agent ran in the program: ';
  const running = program.running();
  const nodes = running?.filter(isNode) ?? [];
  if (operands.slice(0, 3).some((word) => /^pm2(?:-runtime)?$/.test(basename(word))))
    return `${start}${pm2Advice}`;
  if (running !== undefined && running.length > 0 && nodes.length === 0) {
    const names = running.map((each) => each.program).join(', ');
    return `${start}no Node.js process runs in it after ${waitMs / 1000} s (${names}); if it starts slowly, --wait SECONDS waits longer; otherwise it is not a Node.js program`;
  }
  const other = whyNoNode(operands[0] ?? '', env);
  if (
    other !== undefined &&
    nodes.length === 0 &&
    !operands.some((word) => /\bn(?:ode|p[mx])\b/.test(word))
  ) {
    return `${start}${other}, not a Node.js program, and it started none that loads ostrace/register`;
  }
  const script = scriptBeforePreload(operands);
  if (script !== undefined && !isPreloaded(operands, env)) {
    return `${start}ostrace/register comes after the script, where Node.js passes it to the application: put it before ${basename(script)}`;
  }
  const [node] = nodes;
  const where = node === undefined ? '' : ` in process ${node.pid} (${commandOf(node)})`;
  return isPreloaded(operands, env)
    ? `${start}ostrace/register is given as a preload, but did not run${where}; check that nothing in between drops NODE_OPTIONS, and that Node.js started`
    : `${start}nothing preloads ostrace/register${where}; ${preloadAdvice}`;
}

/** Why there was no answer, although the program runs: nothing listens at the URL, or it does not answer. */
function whyNoAnswer(run: Run): string {
  const { program, report, waitMs, url, asked } = run;
  if (program.hasEnded()) return 'the program ended by itself, and nothing listened at the URL';
  const ports = [...new Set(program.ports())].toSorted((a, b) => a - b);
  if (url !== undefined && listensThere(run) === true) {
    const start = `the program listens on ${portOf(url)}, where the URL leads, and`;
    if (asked?.failed?.includes('ECONNREFUSED')) return `${start} at another address than the URL's`;
    return asked?.isOtherProtocol === true
      ? `${start} does not speak this protocol there`
      : `${start} gives no answer there; does it speak the URL's protocol?`;
  }
  if (ports.length > 0) return `the program listens on ${ports.join(' and ')}, and not where the URL leads`;
  return report?.isServer === true
    ? 'the program listens, and not where the URL leads'
    : `the program runs, and had not begun to listen after ${waitMs / 1000} s; --wait SECONDS waits longer`;
}
