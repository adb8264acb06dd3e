// A part of the composition root: the points that a configuration names. It is loaded only if there is one.
import { readPoints } from './config/points.js';
import type { NamedReport } from './hooks/named/points.js';
import type { PointsReport } from './diagnosis/process-report.js';
import { channelTarget } from './hooks/named/channels.js';
import { hookNamed } from './hooks/named/points.js';
import type { Imports } from './hooks/loading/es-modules.js';
import type { Hookable } from './hooks/loading/modules.js';
import { lifecycle } from './trace/trace.js';
import { notice } from './trace/notice.js';

/** The hooks and the report of the points that are named. */
export interface PointsByName {
  /** The hooks of ES modules. */
  readonly imports: readonly Imports[];
  /** The channels. */
  readonly targets: readonly Hookable[];
  /** The outcome of the configuration so far. */
  report(): PointsReport;
}

/**
 * Reads the configuration, and hooks the CommonJS modules that it names.
 *
 * @param given the setting
 * @param folder the folder in which the process was started; '' for the working directory
 * @param isTold whether this thread tells people what is wrong, and what became of the entries
 */
export function pointsByName(given: string | undefined, folder: string, isTold: boolean): PointsByName {
  const problems: string[] = [];
  const read = readPoints(given, folder, (problem) => problems.push(problem));
  if (isTold) for (const problem of problems) notice(problem);
  if (read === undefined) return { imports: [], targets: [], report: () => ({ ...nothing, problems }) };
  const { points, channels, limits, source } = read;
  const { imports, report } = hookNamed(points, read.folder, limits);
  const current = (): PointsReport => ({ source, problems, ...plain(report) });
  if (isTold && points.length > 0) tellOnce(current);
  return {
    imports: imports === undefined ? [] : [imports],
    targets: channels.length === 0 ? [] : [channelTarget(channels, limits.points)],
    report: current,
  };
}

const nothing: PointsReport = { source: undefined, problems: [], wrapped: [], skipped: [], unmatched: [] };

const plain = ({ wrapped, skipped, unmatched }: NamedReport): Pick<PointsReport, keyof NamedReport> => ({
  wrapped,
  skipped: skipped().map(({ at, label, why }) => ({ at, label, why })),
  unmatched: unmatched(),
});

/** Says what became of the entries when the first trace has ended: what its request needs is loaded then. */
function tellOnce(report: () => PointsReport): void {
  let isTold = false;
  lifecycle.onClosed.push(() => {
    if (isTold) return;
    isTold = true;
    for (const line of linesOf(report())) notice(line);
  });
}

const mostShown = 20;

function linesOf({ source, wrapped, skipped, unmatched }: PointsReport): readonly string[] {
  const some = (all: readonly string[]): string =>
    all.slice(0, mostShown).join(', ') +
    (all.length > mostShown ? `, and ${all.length - mostShown} more` : '');
  const labels = wrapped.map(({ label }) => label);
  return [
    `${source}: ${labels.length} ${labels.length === 1 ? 'function makes' : 'functions make'} points${labels.length === 0 ? '' : `: ${some(labels)}`}`,
    ...(skipped.length === 0
      ? []
      : [`${source}: left alone: ${some(skipped.map(({ label, why }) => `${label} (${why})`))}`]),
    ...(unmatched.length === 0
      ? []
      : [`${source}: nothing matched so far: ${some(unmatched.map(({ at, why }) => `${at} (${why})`))}`]),
  ];
}
