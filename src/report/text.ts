// Writes a trace as a tree for people.
import { isWork } from './about.js';
import { countErrors } from './errors.js';
import { type Row, rowsOf } from './fold.js';
import { clean, count, duration, moment } from './format.js';
import { type Place, heading, layOut, lineOf, serviceOf } from './line.js';
import { type Display, type Piece, fit, joinPieces, paint } from './pieces.js';
import type { Tree, TreePoint } from './tree.js';
import { isUnanswered } from './unanswered.js';

const maxServicesNamed = 4;

interface Frame {
  readonly rows: readonly Row[];
  readonly indent: string;
  readonly caller: TreePoint | undefined;
  next: number;
}

/**
 * Writes a trace for people: a head of a few lines, then the tree with a line for each point or for equal siblings.
 *
 * @param isFolded false gives each point a line of its own
 */
export function* renderTree(
  tree: Tree,
  { width = Infinity, colour }: Display,
  isFolded = true,
): Generator<string> {
  const layout = layOut(tree, width);
  const rows = rowsOf(tree, isFolded);
  const print = (pieces: readonly Piece[]): string => `${paint(pieces, colour)}\n`;
  yield print(fit(title(tree), width));
  yield print(fit(summary(tree, rows.folded), width));
  yield print([]);
  yield print(fit(heading(layout), width));
  for (const place of walk(tree, rows.roots, layout.depth)) yield print(lineOf(tree, place, layout));
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
function* walk({ base_id }: Tree, roots: readonly Row[], maxDepth: number): Generator<Place> {
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
    yield {
      points: row.points,
      caller: frame.caller,
      glyphs: `${frame.indent}${isDeep ? `⋯ ${depth} ` : ''}${branch}`,
      // The parent of the first root may be a caller that is not traced.
      isLost: depth === 0 && frame.next > 1 && row.points[0].parent_id !== base_id,
    };
    const below = depth === 0 || isDeep ? '' : isLast ? '   ' : '│  ';
    open.push({ rows: row.rows, indent: frame.indent + below, next: 0, caller: row.points[0] });
  }
}
