// The findings as the page shows them: sentences in pieces, and the row that proves each.
import type { Analysis } from '../analysis/analyse.js';
import type { Span } from '../analysis/span.js';
import { clean } from '../format.js';
import type { Finding, FindingKind } from '../findings/finding.js';
import type { Gap } from './gaps.js';
import type { PageFinding, PagePiece, Pattern, Target } from './page-trace.js';
import { patternOf } from './patterns.js';

// A page marks no more rows than this for one cause.
const maxPoints = 100;

/** These make a trace less certain, and are no cause of its time. */
const noteKinds: ReadonlySet<FindingKind> = new Set(['skew', 'left-out']);

/** Whether a finding is no cause, but tells what is missing or was corrected. */
export const isNote = ({ kind }: Finding): boolean => noteKinds.has(kind);

/** Whether the time of a cause has a row of its own. A task that waits for a worker thread has its call's. */
const hasGap = (kind: FindingKind): boolean => patternOf(kind) !== 'work' && kind !== 'worker-wait';

/** Whether a slice of a point that proves a finding is a part of what the finding is about. */
export function isAbout(kind: FindingKind, pattern: Pattern): boolean {
  if (!hasGap(kind)) return pattern === 'work' || kind === 'retries';
  return patternOf(kind) === 'wait' ? pattern === 'wait' : pattern === 'blocked' || pattern === 'none';
}

/** The gap that a finding is about: of those in its points the one that is as long as what it explains. */
export function gapOf(finding: Finding, gaps: readonly Gap[], analysis: Analysis): Gap | undefined {
  if (!hasGap(finding.kind)) return undefined;
  const spans = new Set<Span | undefined>(finding.points.map((point) => analysis.spanOf(point)));
  // The whole trace is nobody's point.
  const within = gaps.filter(
    ({ span, slice, pattern }) =>
      (spans.has(span) || (finding.points[0] === analysis.root.point && span === analysis.root)) &&
      slice !== undefined &&
      isAbout(finding.kind, pattern),
  );
  const distance = ({ from, to }: Gap): number => Math.abs(to - from - finding.explains);
  return within.toSorted((a, b) => distance(a) - distance(b))[0];
}

/**
 * A finding as the page shows it.
 *
 * @param target the row that shows it
 * @param indexes of the points that prove it
 */
export function foundOf(finding: Finding, target: Target | null, indexes: readonly number[]): PageFinding {
  const { kind, sentence, explains, wins, advice } = finding;
  return {
    kind,
    sentence: piecesOf(clean(sentence)),
    explains,
    wins: wins ?? null,
    points: indexes.slice(0, maxPoints),
    advice: advice === undefined ? null : clean(advice),
    target,
  };
}

const figure = /(?:\d[\d.]* (?:µs|ms|s|min \d+ s|h \d+ min))(?:, (?:<?[\d.]+ %))?/;
const place = /(?<=\()[^()\s]+:\d+(?:, in [^()]+)?(?=\))/;

/** A sentence in pieces: the time that it is about, with its share if it has one, and the place in code. */
export function piecesOf(sentence: string): readonly PagePiece[] {
  // A time with a share is what the sentence is about, wherever other times stand.
  const main = /\d[\d.]* (?:µs|ms|s), <?[\d.]+ %/.exec(sentence) ?? figure.exec(sentence);
  const code = place.exec(sentence);
  const marked = [
    ...(main === null ? [] : [{ at: main.index, text: main[0], style: 'figure' as const }]),
    ...(code === null ? [] : [{ at: code.index, text: code[0], style: 'code' as const }]),
  ].toSorted((a, b) => a.at - b.at);
  const pieces: PagePiece[] = [];
  let at = 0;
  for (const { at: from, text, style } of marked) {
    if (from < at) continue;
    if (from > at) pieces.push({ text: sentence.slice(at, from) });
    pieces.push({
      text: style === 'figure' ? text.replaceAll(' ', '\u00a0').replace(',\u00a0', ', ') : text,
      style,
    });
    at = from + text.length;
  }
  if (at < sentence.length) pieces.push({ text: sentence.slice(at) });
  return pieces;
}
