// Writes the line of a point: numbers, timeline, tree and words.
import { isCancelled } from '../trace/failed.js';
import { type PointName, pointKinds } from '../trace/vocabulary.js';
import { about, isWork } from './about.js';
import { isCancelledByCaller } from './errors.js';
import { type Row, aboutAll, failureOfAll } from './fold.js';
import { clean, cut, duration, pad, share, widthOf } from './format.js';
import type { Gap, Marks } from './marks.js';
import { type Piece, type Style, fit, joinPieces } from './pieces.js';
import { bar, gapBar, timelineWidth } from './timeline.js';
import type { Tree, TreePoint } from './tree.js';
import { tookOf } from './took.js';
import { isUnanswered } from './unanswered.js';

/** The widths of a line's parts; 0 for a part that is left out. */
export interface Layout {
  readonly shares: number;
  /** The start of a point, if there is no room for a timeline. */
  readonly starts: number;
  /** The mark of the critical path and the number of a finding; 0 if neither is known. */
  readonly why: number;
  readonly service: number;
  readonly timeline: number;
  /** The rest, for the tree and its points. */
  readonly room: number;
  /** How deep the tree is indented. */
  readonly depth: number;
}

/** The place in the tree of a point, or of several equal ones. */
export interface Place {
  readonly points: Row['points'];
  /** The point above. If several equal ones are above, the first of them; the others ended as it did. */
  readonly caller: TreePoint | undefined;
  /** The lines that lead to it. */
  readonly glyphs: string;
  /** Whether its parent should be stored and is not. */
  readonly isLost: boolean;
}

/** The place in the tree of the time of a point in which nothing below it was running. */
export interface GapPlace {
  readonly gaps: readonly [Gap, ...Gap[]];
  readonly glyphs: string;
}

const timeColumns = 9;
const startColumns = 10;
const shareColumns = 6;
const whyName = 'WHY';
const maxServiceColumns = 20;
const levelColumns = 3;
const maxDepth = 30;
// Words that are never cut away in favour of what a point worked on, such as "… its start is missing".
const markColumns = 24;

const gapBetween: Piece = { text: '  ' };
const blank: Piece = { text: ' ' };

const familyStyles: Readonly<Record<(typeof pointKinds)[PointName]['family'], Style>> = {
  server: ['bold', 'cyan'],
  client: 'cyan',
  database: 'magenta',
  process: 'blue',
  note: 'dim',
};

/** The style of a point's label; undefined for the application's own points, whatever their names are. */
const kindStyle = (name: string): Style | undefined =>
  Object.hasOwn(pointKinds, name) ? familyStyles[pointKinds[name as PointName].family] : undefined;

/**
 * Divides the width. The parts that tell least are left out first. If a timeline has no room, the start of each
 * point still says when it ran; its share can be worked out.
 */
export function layOut(tree: Tree, width: number, marks: Marks | undefined): Layout {
  const longest = tree.points.reduce((most, each) => Math.max(most, widthOf(serviceOf(each))), 7);
  const service = width < 60 ? 0 : Math.min(longest, maxServiceColumns);
  const timeline = timelineWidth(width);
  const [shares, starts] = timeline === 0 ? [0, startColumns] : [shareColumns, 0];
  const why = marks === undefined ? 0 : Math.max(whyName.length, 1 + String(marks.findings).length);
  const used =
    timeColumns +
    shares +
    starts +
    (why && why + 1) +
    2 +
    (service && service + 2) +
    (timeline && timeline + 2);
  const room = Math.max(1, width - used);
  // A third is kept for the words at the end of the lines.
  const depth = Math.min(maxDepth, Math.trunc((room * 2) / 3 / levelColumns));
  return { shares, starts, why, service, timeline, room, depth };
}

/** The names of the columns. */
export function heading({ service, timeline, shares, starts, why }: Layout): Piece[] {
  const numbers =
    pad('TIME', timeColumns, 'left') +
    (shares > 0 ? pad('SHARE', shares, 'left') : pad('START', starts, 'left')) +
    (why > 0 ? ` ${pad(whyName, why)}` : '');
  const names = [numbers, pad('TIMELINE', timeline), pad('SERVICE', service), 'POINT'];
  const shown = names.filter((_, index) => [1, timeline, service, 1][index]! > 0);
  return [{ text: shown.join('  '), style: 'dim' }];
}

/** A point on its line. */
export function lineOf(tree: Tree, place: Place, layout: Layout, marks: Marks | undefined): Piece[] {
  const { points } = place;
  const [point] = points;
  const isNone = !isWork(point) || isCancelledByCaller(point, place.caller);
  const failure = isNone ? undefined : failureOfAll(points);
  const took = points.flatMap((each) => tookOf(each) ?? []);
  const cells: Cells = {
    took: took.length === 0 ? undefined : took.reduce((sum, micros) => sum + micros, 0),
    at: point.started ?? point.finished ?? 0,
    why: marks === undefined ? '' : whyOf(points, marks),
    bar: layout.timeline > 0 ? bar(tree.total, points, layout.timeline) : '',
    style: failure === undefined ? kindStyle(point.name) : 'red',
    service: serviceOf(point),
  };
  return [...columns(tree, cells, layout), ...story(place, layout.room, failure)];
}

/** A gap on its line. */
export function gapLineOf(tree: Tree, { gaps, glyphs }: GapPlace, layout: Layout): Piece[] {
  const [gap] = gaps;
  const cells: Cells = {
    took: gaps.reduce((sum, { from, to }) => sum + to - from, 0),
    at: gap.from,
    why: `*${gap.finding ?? ''}`,
    bar: layout.timeline > 0 ? gapBar(tree.total, gaps, layout.timeline) : '',
    style: 'dim',
    service: clean(gap.service ?? ''),
  };
  const label = gaps.length === 1 ? gap.what : `${gap.what} ×${gaps.length}`;
  const words: Piece[] = [
    { text: label, style: ['italic', 'dim'] },
    { text: gaps.length === 1 ? gap.loop : '', style: 'dim' },
  ];
  const told = [{ text: glyphs, style: 'dim' as const }, ...joinPieces(words, gapBetween)];
  return [...columns(tree, cells, layout), ...fit(told, layout.room)];
}

/** `*` on the critical path, and the number of the finding that names one of the points. */
function whyOf(points: Row['points'], { isOnPath, findingOf }: Marks): string {
  const first = points.reduce((least, point) => Math.min(least, findingOf(point) ?? Infinity), Infinity);
  return (points.some(isOnPath) ? '*' : ' ') + (first === Infinity ? '' : String(first));
}

/** The service's name, safe to print; '' if there is none. */
export function serviceOf(point: TreePoint): string {
  return clean(point.service ?? '');
}

/** The contents of a line's columns before the tree. */
interface Cells {
  /** In microseconds; undefined if an end is missing. */
  readonly took: number | undefined;
  /** When it began, in microseconds. */
  readonly at: number;
  readonly why: string;
  readonly bar: string;
  readonly style: Style | undefined;
  readonly service: string;
}

function columns(
  { total }: Tree,
  { took, at, why, bar: strokes, style, service: name }: Cells,
  { timeline, service, shares, starts, why: whyColumns }: Layout,
): Piece[] {
  const isWhole = took !== undefined;
  const pieces: Piece[] = [
    {
      text: pad(isWhole ? duration(took) : '…', timeColumns, 'left'),
      style: isWhole && took * 100 < total ? 'dim' : undefined,
    },
    {
      text:
        shares > 0
          ? pad(isWhole ? share(took, total) : '', shares, 'left')
          : // When it started, from the trace's first event on.
            pad(`+${duration(at)}`, starts, 'left'),
      style: 'dim',
    },
  ];
  if (whyColumns > 0) pieces.push(blank, { text: pad(why, whyColumns), style: 'yellow' });
  pieces.push(gapBetween);
  if (timeline > 0) pieces.push({ text: strokes, style }, gapBetween);
  if (service > 0) pieces.push({ text: pad(cut(name, service), service), style: 'dim' }, gapBetween);
  return pieces;
}

/** The words about a point. If there is too little room, what it worked on is cut first. */
function story(place: Place, room: number, failure: string | undefined): Piece[] {
  const { points, glyphs } = place;
  const [point, ...others] = points;
  const told = others.length === 0 ? about(point) : aboutAll(points);
  const label: Piece = { text: clean(told.label), style: kindStyle(point.name) ?? 'bold' };
  const outcome: Piece = { text: clean(told.outcome), style: told.isBad ? 'yellow' : 'green' };
  const subject = clean(told.subject);
  const mark = markOf(place, failure);

  const fixed = widthOf(glyphs) + widthOf(label.text) + widthOf(outcome.text);
  const left = room - fixed - widthOf(gapBetween.text) - 2 * widthOf(blank.text);
  const forMark = Math.max(left - widthOf(subject), markColumns, Math.trunc(left / 2));
  const markPiece: Piece = {
    text: cut(mark, forMark),
    style: failure === undefined ? 'yellow' : 'red',
  };
  const subjectPiece: Piece = { text: cut(subject, left - widthOf(markPiece.text)) };
  const words = joinPieces([subjectPiece, outcome, markPiece], blank);
  return fit(
    [{ text: glyphs, style: 'dim' }, ...joinPieces([label], gapBetween), gapBetween, ...words],
    room,
  );
}

function markOf({ points: [point], caller, isLost }: Place, failure: string | undefined): string {
  const isGivenUp = isCancelled(point.stopInfo ?? {});
  const isByCaller = isCancelledByCaller(point, caller);
  const marks = [
    failure === undefined ? '' : `✗ ${clean(failure)}`.trimEnd(),
    isByCaller ? 'cancelled by its caller' : isGivenUp ? 'cancelled' : '',
    failure === undefined ? missing(point, isLost) : '',
  ];
  return marks.filter((mark) => mark !== '').join(' ');
}

function missing(point: TreePoint, isLost: boolean): string {
  const marks = [
    point.finished === undefined ? '… unfinished' : '',
    point.started === undefined ? '… its start is missing' : '',
    isLost ? '… its parent is missing' : '',
    isUnanswered(point) ? '… no answer from this service in the trace' : '',
  ];
  return marks.filter((mark) => mark !== '').join(' ');
}
