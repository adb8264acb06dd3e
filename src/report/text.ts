// Writes a trace as a tree for people.
import { count } from '../trace/count.js';
import { isWork } from './about.js';
import { countErrors } from './errors.js';
import { type Row, rowsOf } from './fold.js';
import { clean, duration, moment } from './format.js';
import { type GapPlace, type Place, gapLineOf, heading, layOut, lineOf, serviceOf } from './line.js';
import type { Gap, Marks } from './marks.js';
import { type Display, type Piece, fit, joinPieces, paint } from './pieces.js';
import type { Tree, TreePoint } from './tree.js';
import { isUnanswered } from './unanswered.js';

const maxServicesNamed = 4;

/** A line of the tree: of points, or of the time between them. */
type Line = Row | { readonly gaps: readonly [Gap, ...Gap[]] };

interface Frame {
  readonly rows: readonly Line[];
  readonly indent: string;
  readonly caller: TreePoint | undefined;
  next: number;
}

/**
 * Writes a trace for people: a head of a few lines, then the tree with a line for each point or for equal siblings.
 *
 * @param isFolded false gives each point a line of its own
 * @param marks what the tree shows of the critical path; undefined for nothing
 * @param findings the lines that say why it took its time, between the head and the tree
 */
export function* renderTree(
  tree: Tree,
  { width = Infinity, colour }: Display,
  isFolded = true,
  findings: Iterable<string> = [],
  marks?: Marks,
): Generator<string> {
  const layout = layOut(tree, width, marks);
  const rows = rowsOf(tree, isFolded);
  const print = (pieces: readonly Piece[]): string => `${paint(pieces, colour)}\n`;
  yield print(fit(title(tree), width));
  yield print(fit(summary(tree, rows.folded), width));
  let isFirst = true;
  for (const line of findings) {
    if (isFirst) yield print([]);
    isFirst = false;
    yield line;
  }
  yield print([]);
  yield print(fit(heading(layout), width));
  for (const place of walk(tree, rows.roots, layout.depth, marks)) {
    yield print('gaps' in place ? gapLineOf(tree, place, layout) : lineOf(tree, place, layout, marks));
  }
}

function title(tree: Tree): Piece[] {
  return [
    { text: 'trace ', style: 'dim' },
    { text: clean(tree.base_id), style: 'bold' },
    { text: ` · ${moment(tree.startedAt)}`, style: 'dim' },
  ];
}

function summary(tree: Tree, folded: number): Piece[] {
  const services = [...new Set(tree.points.map(serviceOf))].filter((name) => name !== '');
  const errors = countErrors(tree);
  const unfinished = tree.points.filter((point) => isWork(point) && point.finished === undefined).length;
  const unanswered = tree.points.filter(isUnanswered).length;
  const named = services.length > maxServicesNamed ? count(services.length, 'service') : services.join(', ');
  const facts: Piece[] = [
    { text: duration(tree.total), style: 'bold' },
    { text: count(tree.points.filter(isWork).length, 'point') },
    { text: errors > 0 ? count(errors, 'error') : '', style: 'red' },
    { text: unfinished > 0 ? `${unfinished} unfinished` : '', style: 'yellow' },
    {
      text: unanswered > 0 ? `${count(unanswered, 'call')} without an answer in the trace` : '',
      style: 'yellow',
    },
    { text: named },
    { text: folded > 0 ? `${folded} folded, --unfold shows each` : '', style: 'dim' },
  ];
  return joinPieces(facts, { text: ' · ', style: 'dim' });
}

/**
 * All points from the top down, without recursion: a trace may be deeper than the stack.
 *
 * @param maxDepth deeper points keep the indentation of this depth, and have their own depth written beside it
 */
function* walk(
  { base_id }: Tree,
  roots: readonly Row[],
  maxDepth: number,
  marks: Marks | undefined,
): Generator<Place | GapPlace> {
  const open: Frame[] = [{ rows: roots, indent: '', next: 0, caller: undefined }];
  for (let frame = open.at(-1); frame !== undefined; frame = open.at(-1)) {
    const row = frame.rows[frame.next++];
    if (row === undefined) {
      open.pop();
      continue;
    }
    const depth = open.length - 1;
    const isLast = frame.next === frame.rows.length;
    const isDeep = depth > maxDepth;
    const branch = depth === 0 ? '' : isLast ? '└─ ' : '├─ ';
    const glyphs = `${frame.indent}${isDeep ? `⋯ ${depth} ` : ''}${branch}`;
    if ('gaps' in row) {
      yield { gaps: row.gaps, glyphs };
      continue;
    }
    yield {
      points: row.points,
      caller: frame.caller,
      glyphs,
      // The parent of the first root may be a caller that is not traced.
      isLost: depth === 0 && frame.next > 1 && row.points[0].parent_id !== base_id,
    };
    const below = depth === 0 || isDeep ? '' : isLast ? '   ' : '│  ';
    open.push({ rows: linesBelow(row, marks), indent: frame.indent + below, next: 0, caller: row.points[0] });
  }
}

/** The rows below a row, and the gaps between them, in the order of time. Gaps of equal points share a line. */
function linesBelow({ points, rows }: Row, marks: Marks | undefined): readonly Line[] {
  if (marks === undefined) return rows;
  const gaps = points.flatMap((point) => marks.gapsIn(point));
  if (gaps.length === 0) return rows;
  const lines: Line[] = points.length === 1 ? gaps.map((gap) => ({ gaps: [gap] })) : sharedLines(gaps);
  return [...rows, ...lines].toSorted((a, b) => beginOf(a) - beginOf(b));
}

function sharedLines(gaps: readonly Gap[]): Line[] {
  const lines = new Map<string, [Gap, ...Gap[]]>();
  for (const gap of gaps) {
    const line = lines.get(gap.what);
    if (line === undefined) lines.set(gap.what, [gap]);
    else line.push(gap);
  }
  return Array.from(lines.values(), (line) => ({ gaps: line }));
}

function beginOf(line: Line): number {
  if ('gaps' in line) return line.gaps[0].from;
  const [{ started, finished }] = line.points;
  return started ?? finished ?? 0;
}
