// A part of the composition root: what the agent tells of itself. Loaded only where somebody asks, by
// OSTRACE_DEBUG or `ostrace doctor`.
import { renameSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';

import type { Config } from './config/config.js';
import { masked } from './drivers/schemes.js';
import { type BundleMark, adviceOn, bundledIn } from './export/bundles.js';
import { onChannel } from './hooks/channel.js';
import { collectFindings, loadedAmong } from './hooks/findings.js';
import type { HookReports } from './hooks/modules.js';
import type { Findings, ProcessReport } from './trace/process-report.js';
import { infoHeader, isTraceHeader, whyRefused } from './trace/headers.js';
import { notice } from './trace/notice.js';
import type { VerifiedTrace } from './trace/signing.js';
import type { Verifier } from './verify.js';

/** Stands in for parts of the agent, and looks on. */
export interface Diagnoser {
  readonly reports: HookReports;
  verify(headers: Readonly<Record<string, unknown>>): VerifiedTrace | undefined;
}

// Often enough for whoever looks at a process that ends without a chance to say so.
const writeEveryMs = 250;

/**
 * Begins to diagnose this process.
 *
 * @param file where `ostrace doctor` reads what was found; undefined where only stderr is asked for
 * @param script the application's main file
 * @param marks of the packages that have hooks
 */
export function diagnose(
  config: Config,
  file: string | undefined,
  script: string | undefined,
  marks: readonly BundleMark[],
  { verify, keys }: Verifier,
): Diagnoser {
  const say = (line: string): void => {
    if (config.debug) notice(line);
  };
  const { findings, reports, onEarly, onRefused } = collectFindings(say);
  const names = marks.map(({ name }) => name);
  onEarly(loadedAmong(names, Object.keys(require.cache ?? {})));
  if (script !== undefined) findings.bundled.push(...bundledIn(script, marks));
  if (findings.bundled.length > 0) say(adviceOn(findings.bundled, script!));
  say(`the agent runs in process ${process.pid}, loaded ${loadedBy()}`);
  // Without the first of the headers the agent never looks at the others.
  onChannel<{ request: IncomingMessage }>('http.server.request.start', ({ request: { headers } }) => {
    const isKnown = headers[infoHeader.toLowerCase()] !== undefined;
    if (!isKnown && Object.keys(headers).some(isTraceHeader)) onRefused(whyRefused(headers, keys));
  });
  if (file !== undefined) keepWriting(file, { ...about(config, script), ...findings }, findings);

  return {
    reports,
    verify(headers) {
      const signed = verify(headers);
      if (signed !== undefined) findings.triggered++;
      else onRefused(whyRefused(headers, keys));
      return signed;
    },
  };
}

function about(config: Config, script: string | undefined): Omit<ProcessReport, keyof Findings> {
  const switchedOff = Object.entries(config).filter(
    ([option, value]) => option.startsWith('instrument') && value === false,
  );
  return {
    node: process.versions.node,
    pid: process.pid,
    script,
    loaded: loadedBy(),
    keys: config.hmacKeys.length,
    isWhole: config.profile !== undefined,
    connectionString: masked(config.connectionString),
    service: config.service,
    switchedOff: switchedOff.map(([option]) => option),
  };
}

/** The arguments may name the preload in any form: the package's, or a path to its file. */
function loadedBy(): string {
  const isOurs = (text: string): boolean => /ostrace[\\/]register|register\.m?js/.test(text);
  const { execArgv, env } = process;
  const flag = (text: string): string => /--?(?:import|require|r)\b/.exec(text)?.[0] ?? '';
  const at = execArgv.findIndex(isOurs);
  if (at >= 0) return `by ${flag(execArgv[at]!) || execArgv[at - 1]} on the command line`;
  const options = (env['NODE_OPTIONS'] ?? '').split(/(?=--?(?:import|require|r)\b)/).find(isOurs);
  return options === undefined ? 'by the application itself' : `by ${flag(options)} in NODE_OPTIONS`;
}

/** Replaces the file as a whole, so that its reader never finds half of it. */
function keepWriting(file: string, fixed: object, findings: Findings): void {
  let written = '';
  const write = (): void => {
    const text = JSON.stringify({ ...fixed, ...findings });
    if (text === written) return;
    try {
      writeFileSync(`${file}.new`, text, { mode: 0o600 });
      renameSync(`${file}.new`, file);
      written = text;
    } catch (error) {
      notice(`the findings cannot be written: ${String(error)}`);
    }
  };
  write();
  setInterval(write, writeEveryMs).unref();
  process.on('exit', write);
}
