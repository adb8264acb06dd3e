// Writes the line of a point: numbers, timeline, tree and words.
import { isCancelled } from '../trace/failed.js';
import { type PointName, pointKinds } from '../trace/vocabulary.js';
import { about, isWork } from './about.js';
import { isCancelledByCaller } from './errors.js';
import { type Row, aboutAll, failureOfAll } from './fold.js';
import { clean, cut, duration, pad, share, widthOf } from './format.js';
import { type Piece, type Style, fit, joinPieces } from './pieces.js';
import type { Tree, TreePoint } from './tree.js';
import { isUnanswered } from './unanswered.js';

/** The widths of a line's parts; 0 for a part that is left out. */
export interface Layout {
  readonly shares: number;
  /** The start of a point, if there is no room for a timeline. */
  readonly starts: number;
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

const timeColumns = 9;
const startColumns = 10;
const shareColumns = 6;
const maxServiceColumns = 20;
const levelColumns = 3;
const maxDepth = 30;
// Words that are never cut away in favour of what a point worked on, such as "… its start is missing".
const markColumns = 24;

const gap: Piece = { text: '  ' };
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
export function layOut(tree: Tree, width: number): Layout {
  const longest = tree.points.reduce((most, each) => Math.max(most, widthOf(serviceOf(each))), 7);
  const service = width < 60 ? 0 : Math.min(longest, maxServiceColumns);
  const timeline = timelineWidth(width);
  const [shares, starts] = timeline === 0 ? [0, startColumns] : [shareColumns, 0];
  const used = timeColumns + shares + starts + 2 + (service && service + 2) + (timeline && timeline + 2);
  const room = Math.max(1, width - used);
  // A third is kept for the words at the end of the lines.
  const depth = Math.min(maxDepth, Math.trunc((room * 2) / 3 / levelColumns));
  return { shares, starts, service, timeline, room, depth };
}

/** The timeline gets a third of the additional width of a wide terminal. */
function timelineWidth(width: number): number {
  if (width < 90) return 0;
  if (width < 110) return 12;
  return width === Infinity ? 20 : Math.min(100, 20 + Math.trunc((width - 110) / 3));
}

/** The names of the columns. */
export function heading({ service, timeline, shares, starts }: Layout): Piece[] {
  const numbers =
    pad('TIME', timeColumns, 'left') +
    (shares > 0 ? pad('SHARE', shares, 'left') : pad('START', starts, 'left'));
  const names = [numbers, pad('TIMELINE', timeline), pad('SERVICE', service), 'POINT'];
  const shown = names.filter((_, index) => [1, timeline, service, 1][index]! > 0);
  return [{ text: shown.join('  '), style: 'dim' }];
}

/** A point on its line. */
export function lineOf(tree: Tree, place: Place, layout: Layout): Piece[] {
  const [point] = place.points;
  const isNone = !isWork(point) || isCancelledByCaller(point, place.caller);
  const failure = isNone ? undefined : failureOfAll(place.points);
  return [...columns(tree, place.points, layout, failure), ...story(place, layout.room, failure)];
}

/** The service's name, safe to print; '' if there is none. */
export function serviceOf(point: TreePoint): string {
  return clean(point.service ?? '');
}

function columns(
  { total }: Tree,
  points: Row['points'],
  { timeline, service, shares, starts }: Layout,
  failure: string | undefined,
): Piece[] {
  const [point] = points;
  const whole = points.filter(({ started, finished }) => started !== undefined && finished !== undefined);
  const isWhole = whole.length > 0;
  const took = whole.reduce((sum, each) => sum + each.finished! - each.started!, 0);
  const pieces: Piece[] = [
    {
      text: pad(isWhole ? duration(took) : '…', timeColumns, 'left'),
      style: isWhole && took * 100 < total ? 'dim' : undefined,
    },
    {
      text:
        shares > 0
          ? pad(isWhole ? share(took, total) : '', shares, 'left')
          : pad(startText(point), starts, 'left'),
      style: 'dim',
    },
    gap,
  ];
  if (timeline > 0) {
    const style = failure === undefined ? kindStyle(point.name) : 'red';
    pieces.push({ text: bar(total, points, timeline), style }, gap);
  }
  if (service > 0) {
    pieces.push({ text: pad(cut(serviceOf(point), service), service), style: 'dim' }, gap);
  }
  return pieces;
}

/** When a point started, from the trace's first event on. */
function startText({ started, finished }: TreePoint): string {
  return `+${duration(started ?? finished ?? 0)}`;
}

/**
 * The timeline: strokes over the parts of the trace's time in which the points ran, open where an end is missing.
 */
function bar(total: number, points: readonly TreePoint[], width: number): string {
  const cell = (micros: number): number => (total === 0 ? 0 : Math.round((micros / total) * width));
  const cells = Array.from({ length: width }, () => ' ');
  for (const { started, finished } of points) {
    const from = Math.min(width - 1, cell(started ?? finished ?? 0));
    const to = finished === undefined ? width : Math.max(from + 1, cell(finished));
    cells.fill(started === undefined || finished === undefined ? '╌' : '━', from, to);
  }
  return cells.join('');
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
  const left = room - fixed - widthOf(gap.text) - 2 * widthOf(blank.text);
  const forMark = Math.max(left - widthOf(subject), markColumns, Math.trunc(left / 2));
  const markPiece: Piece = {
    text: cut(mark, forMark),
    style: failure === undefined ? 'yellow' : 'red',
  };
  const subjectPiece: Piece = { text: cut(subject, left - widthOf(markPiece.text)) };
  const words = joinPieces([subjectPiece, outcome, markPiece], blank);
  return fit([{ text: glyphs, style: 'dim' }, ...joinPieces([label], gap), gap, ...words], room);
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
