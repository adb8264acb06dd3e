// Findings as `--json` prints them.
import { isWholeTrace } from '../analysis/span.js';
import type { Findings } from './findings.js';

const milliseconds = (micros: number): number => micros / 1000;

/** The keys that stand beside OSProfiler's report: the causes, and the parts of the trace's duration, without a rest. */
export interface ReportedFindings {
  readonly findings: readonly {
    readonly kind: string;
    readonly sentence: string;
    readonly explains_ms: number;
    /** The part of the trace's duration, from 0 to 1. */
    readonly share: number;
    /** How much sooner the trace would end without it; null if that is not known. */
    readonly wins_ms: number | null;
    /** The ids of the points that prove it. */
    readonly points: readonly string[];
    readonly advice: string | null;
  }[];
  /** In the order of time; the times are since the trace's first event, corrected for wrong clocks. */
  readonly critical_path: readonly {
    /** Null for the time between several points at the top. */
    readonly trace_id: string | null;
    readonly from_ms: number;
    readonly to_ms: number;
    readonly what: 'self' | 'child' | 'gap';
  }[];
}

export function reportedFindings({ findings, analysis }: Findings): ReportedFindings {
  const { duration, segments } = analysis;
  return {
    findings: findings.map(({ kind, sentence, explains, wins, points, advice }) => ({
      kind,
      sentence,
      explains_ms: milliseconds(explains),
      share: duration === 0 ? 0 : Math.round((1000 * explains) / duration) / 1000,
      wins_ms: wins === undefined ? null : milliseconds(wins),
      points: points.map(({ trace_id }) => trace_id),
      advice: advice ?? null,
    })),
    critical_path: segments.map(({ span, from, to, what }) => ({
      trace_id: isWholeTrace(span) ? null : span.point.trace_id,
      from_ms: milliseconds(from),
      to_ms: milliseconds(to),
      what,
    })),
  };
}
