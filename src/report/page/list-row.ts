// Makes the row of a trace in the page's list.
import type { StoredTrace, TraceSummary } from '../../drivers/driver.js';
import { parseTimestamp } from '../../trace/parse.js';
import { findingsOf } from '../findings/findings.js';
import { clean, cut } from '../format.js';
import { overviewOfTree } from '../overview.js';
import { type Tree, buildTree } from '../tree.js';
import { isNote } from './found.js';
import { kindOf, kinds, ownCode } from './kinds.js';
import type { ListFinding, ListRow } from './list-types.js';
import { patternOf } from './patterns.js';

/** A larger trace is not analysed until it is opened: that takes a second. */
const mostEvents = 40_000;

const mostColumns = 300;

/** How long a trace is taken to grow after its last event, in milliseconds. */
const quietMs = 30_000;
/** How long a point without an end is taken to go on. */
const patienceMs = 3_600_000;

/** The row of a trace of which nothing can be read: it was removed meanwhile, or torn by a crash. */
export function unreadableRow({ base_id, timestamp }: TraceSummary): ListRow {
  return {
    base_id,
    startedAt: (parseTimestamp(timestamp) ?? 0) / 1000,
    method: null,
    route: '(nothing can be read)',
    service: '',
    services: [],
    status: null,
    duration: 0,
    points: 0,
    errors: 0,
    unfinished: 0,
    isGrowing: false,
  };
}

/**
 * The row of a trace.
 *
 * @param now in milliseconds since 1970
 */
export function rowOf(summary: TraceSummary, { events }: StoredTrace, now: number): ListRow {
  if (events.length === 0) return unreadableRow(summary);
  const tree = buildTree(events);
  const { method, route, path, what, services, status, duration, points, errors, unfinished } =
    overviewOfTree(summary, tree);
  const finding = events.length > mostEvents ? undefined : topFinding(tree);
  return {
    base_id: summary.base_id,
    startedAt: tree.startedAt / 1000,
    method: method === undefined ? null : shown(method),
    route: shown(route ?? path ?? what),
    service: shown(tree.roots[0]?.service ?? ''),
    services: services.map(shown),
    status: status ?? null,
    duration,
    points,
    errors,
    unfinished,
    ...(finding !== undefined && { finding }),
    isGrowing: isGrowing((tree.startedAt + tree.total) / 1000, unfinished, now),
  };
}

/** A page of the list is small, whatever the events hold. */
const shown = (text: string): string => cut(clean(text), mostColumns);

/** Whether events of a trace may still come. Clocks differ, but a time that is far ahead is none to wait for. */
export function isGrowing(lastEventAt: number, unfinished: number, now: number): boolean {
  return Math.abs(now - lastEventAt) < (unfinished > 0 ? patienceMs : quietMs);
}

function topFinding(tree: Tree): ListFinding | null {
  const { findings, analysis } = findingsOf(tree);
  const top = findings.find((finding) => !isNote(finding));
  if (top === undefined) return null;
  const [point] = top.points;
  const span = point && analysis.spanOf(point);
  return {
    kind: top.kind,
    sentence: top.sentence,
    family: kinds[span === undefined ? ownCode : kindOf(span)]!.family,
    pattern: patternOf(top.kind),
  };
}
