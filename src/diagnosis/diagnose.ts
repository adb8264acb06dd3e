// A part of the composition root: what the agent tells of itself. It is loaded only if somebody asks, by
// OSTRACE_DEBUG or `ostrace doctor`.
import type { IncomingMessage } from 'node:http';

import type { ConfigResult } from '../config/config.js';
import { isServing, keepWriting, loadedBy } from './file.js';
import { masked } from '../drivers/schemes.js';
import { type BundleMark, adviceOn, bundledIn } from './bundles.js';
import { onChannel } from '../hooks/channel.js';
import { unseenAmong } from './clients.js';
import { collectFindings, loadedAmong } from './findings.js';
import { cachedFiles, loadedFiles } from './loaded-files.js';
import type { HookReports } from '../hooks/loading/modules.js';
import type { Findings, PointsReport, ProcessReport } from './process-report.js';
import { infoName, isTraceHeader } from '../trace/headers.js';
import { notice } from '../trace/notice.js';
import { ageOf, whyRefused } from '../trace/refusal.js';
import type { VerifiedTrace } from '../trace/signing.js';
import type { Verifier } from '../propagation/verify.js';

/** Replaces parts of the agent, and observes them. */
export interface Diagnoser {
  readonly reports: HookReports;
  /** Learns how to ask what became of points by name. */
  onPoints(report: () => PointsReport): void;
  verify(headers: Readonly<Record<string, unknown>>): VerifiedTrace | undefined;
}

/**
 * Begins to diagnose this process.
 *
 * @param read its settings and their problems
 * @param file where `ostrace doctor` reads the findings; undefined if only stderr is wanted
 * @param script the application's main file
 * @param marks of the packages that have hooks
 */
export function diagnose(
  read: ConfigResult,
  file: string | undefined,
  script: string | undefined,
  marks: readonly BundleMark[],
  { verify, keys }: Verifier,
): Diagnoser {
  const { config } = read;
  const say = (line: string): void => {
    if (config.debug) notice(line);
  };
  const { findings, reports, onEarly, onRefused } = collectFindings(say);
  const names = marks.map(({ name }) => name);
  const before = cachedFiles();
  onEarly(loadedAmong(names, before));
  if (script !== undefined) findings.bundled.push(...bundledIn(script, marks));
  if (findings.bundled.length > 0) say(adviceOn(findings.bundled, script!));
  say(`the agent runs in process ${process.pid}, loaded ${loadedBy()}`);
  // Without the first of the headers, the agent never looks at the others.
  onChannel<{ request: IncomingMessage }>('http.server.request.start', ({ request: { headers } }) => {
    findings.requests++;
    const isKnown = headers[infoName] !== undefined;
    if (!isKnown && Object.keys(headers).some(isTraceHeader)) onRefused(whyRefused(headers, keys));
  });
  if (file !== undefined) {
    const unseen = unseenIn(['pg-pool', 'pg-cursor', ...names]);
    const fixed = about(read, script, before.length);
    keepWriting(file, () => {
      const late = read.late();
      const { points, ...others } = findings;
      return {
        ...fixed,
        ...others,
        unseen: unseen(),
        ...(points && { points: points() }),
        isServer: isServing(),
        ...(late !== undefined && { late }),
      };
    });
  }

  return {
    reports,
    onPoints: (report) => void (findings.points = report),
    verify(headers) {
      const signed = verify(headers);
      if (signed !== undefined) {
        findings.triggered++;
        return signed;
      }
      onRefused(whyRefused(headers, keys));
      findings.lastRefused = {
        info: String(headers[infoName]).slice(0, mostInfo),
        age: ageOf(headers, keys),
      };
      return undefined;
    },
  };
}

// Longer than any valid header.
const mostInfo = 1100;

/**
 * Looks for packages that no hook sees: at the first calls, and then more and more rarely, because a look takes a
 * while.
 */
function unseenIn(seen: readonly string[]): () => readonly string[] {
  let calls = 0;
  let next = 1;
  let count = 0;
  let found: readonly string[] = [];
  return () => {
    const isDue = ++calls === next;
    if (isDue) next *= 2;
    const cached = cachedFiles().length;
    if (isDue) found = unseenAmong(loadedFiles(), seen);
    else if (cached !== count) found = [...new Set([...found, ...unseenAmong(cachedFiles(), seen)])];
    count = cached;
    return found;
  };
}

function about(
  { config, problems }: ConfigResult,
  script: string | undefined,
  filesBefore: number,
): Omit<ProcessReport, keyof Findings> {
  const switchedOff = Object.entries(config).filter(
    ([option, value]) => option.startsWith('instrument') && value === false,
  );
  return {
    node: process.versions.node,
    pid: process.pid,
    startedAt: Date.now(),
    script,
    loaded: loadedBy(),
    filesBefore,
    problems,
    keys: config.hmacKeys.length,
    ...(config.hmacMaxAge !== undefined && { maxAge: config.hmacMaxAge }),
    isWhole: config.profile !== undefined,
    connectionString: masked(config.connectionString),
    service: config.service,
    switchedOff: switchedOff.map(([option]) => option),
  };
}
