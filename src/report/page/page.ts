// Makes of a trace what the page shows of it. Everything comes from the analysis and the findings of the report.
import { count } from '../../trace/count.js';
import { isWork } from '../about.js';
import { countErrors } from '../errors.js';
import type { Finding } from '../findings/finding.js';
import { findingsOf } from '../findings/findings.js';
import type { Analysis } from '../analysis/analyse.js';
import type { Span } from '../analysis/span.js';
import { clean, cut } from '../format.js';
import { beginningOf } from '../overview.js';
import type { Tree } from '../tree.js';
import { columnsOf, isMerged, orderOf } from './columns.js';
import { causesBySlice } from './causes.js';
import { foundOf, gapOf, isNote } from './found.js';
import { type Gap, gapsOf } from './gaps.js';
import { kinds } from './kinds.js';
import { type Page, type PageTrace, type PointColumns, type Target, eventsInPiece } from './page-trace.js';
import { partsOf } from './parts.js';
import { slicesOf } from './slices.js';
import { Texts } from './texts.js';

const maxTitleColumns = 200;

/**
 * Makes the page's data of a trace.
 *
 * @param skipped how many of its stored lines could not be read
 */
export function pageOf(tree: Tree, skipped = 0): Page {
  const { findings, otherwise, analysis } = findingsOf(tree);
  const order = orderOf(analysis);
  const texts = new Texts();
  const slices = slicesOf(analysis);
  const gaps = gapsOf(analysis, slices);
  const causes = findings.filter((finding) => !isNote(finding));
  const { points, services, failures } = columnsOf(analysis, order, texts, bySpan(gaps));
  const zero = analysis.root.from;
  const indexOf = (span: Span): number => order.indexOf.get(span)!;

  const gapOfCause = causes.map((finding) => gapOf(finding, gaps, analysis));
  const causeOf = causesBySlice(causes, gapOfCause, analysis);
  const numberOf = (gap: Gap): number => gapOfCause.indexOf(gap) + 1;
  const spansOf = (finding: Finding): readonly number[] =>
    finding.points.flatMap((point) => {
      const span = analysis.spanOf(point) ?? (point === analysis.root.point ? analysis.root : undefined);
      return span === undefined ? [] : [indexOf(isMerged(span) ? span.parent! : span)];
    });
  const { parts, keys } = partsOf(analysis, slices, causeOf);
  const gapOfSlice = new Map(gaps.map((gap, index) => [gap.slice, index]));
  const { what, method, route, status } = beginningOf(tree);

  return {
    trace: {
      version: 1,
      base_id: tree.base_id,
      startedAt: tree.startedAt + zero,
      title: cut(clean(what), maxTitleColumns) || '(no name)',
      method: method === undefined ? null : cut(clean(method), maxTitleColumns),
      route: route === undefined ? null : cut(clean(route), maxTitleColumns),
      status: status ?? null,
      duration: analysis.duration,
      from: order.spans.reduce((first, { from }) => Math.min(first, from), zero) - zero,
      to: order.spans.reduce((last, { to }) => Math.max(last, to), zero) - zero,
      errors: countErrors(tree),
      unfinished: tree.points.filter((point) => isWork(point) && point.finished === undefined).length,
      count: analysis.spans.length,
      kinds,
      services,
      texts: texts.all,
      points,
      path: pathOf(analysis.stays, indexOf, zero),
      failures,
      parts,
      keys: keys.map(({ label, pattern, kind, failed, finding, spans, first }) => {
        const [span = analysis.root] = spans;
        const gap = gapOfSlice.get(first);
        const target = gap === undefined ? targetOf(indexOf(span), points, spans.size > 1) : { gap };
        const isCounted = pattern === 'work' && spans.size > 1 && label !== 'own code, rest';
        return {
          label: isCounted ? `${spans.size} × ${label}` : label,
          pattern,
          kind,
          service: points.service[indexOf(span)]!,
          failed,
          finding,
          target,
        };
      }),
      gaps: gaps.map((gap) => ({
        parent: indexOf(gap.span),
        from: gap.from - zero,
        to: gap.to - zero,
        pattern: gap.pattern,
        label: gap.label,
        detail: gap.detail,
        onPath: gap.onPath,
        finding: numberOf(gap),
      })),
      findings: causes.map((finding, index) => {
        const indexes = spansOf(finding);
        const gap = gapOfCause[index];
        const [first] = indexes;
        const target =
          gap !== undefined
            ? { gap: gaps.indexOf(gap) }
            : first === undefined
              ? null
              : targetOf(first, points, indexes.length > 1);
        return foundOf(finding, target, indexes);
      }),
      otherwise: clean(otherwise),
      notes: [
        ...findings.filter(isNote).map(({ sentence }) => clean(sentence)),
        ...(skipped === 0
          ? []
          : [
              `${count(skipped, 'stored line')} could not be read: torn by a crash, or written by something else.`,
            ]),
      ],
    },
    pieces: Math.ceil(order.spans.length / eventsInPiece),
    eventsOf: (piece) =>
      order.spans.slice(piece * eventsInPiece, (piece + 1) * eventsInPiece).map(({ point }) => point.events),
  };
}

function bySpan(gaps: readonly Gap[]): ReadonlyMap<Span, readonly Gap[]> {
  const found = new Map<Span, Gap[]>();
  for (const gap of gaps) {
    const its = found.get(gap.span);
    if (its === undefined) found.set(gap.span, [gap]);
    else its.push(gap);
  }
  return found;
}

/** A repeat is shown as such where a finding or a part is about more than one of its points. */
function targetOf(point: number, { repeat }: PointColumns, isSeveral: boolean): Target {
  const its = repeat[point]!;
  return isSeveral && its >= 0 ? { repeat: its } : { point };
}

function pathOf(stays: Analysis['stays'], indexOf: (span: Span) => number, zero: number): PageTrace['path'] {
  const entries = [...stays].map(([span, { from, to }]) => ({ point: indexOf(span), from, to }));
  return {
    point: entries.map(({ point }) => point),
    from: entries.map(({ from }) => from - zero),
    to: entries.map(({ to }) => to - zero),
  };
}
