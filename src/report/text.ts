import { countErrors } from './errors.js';
import { clean, count, duration, moment } from './format.js';
import { type Place, heading, layOut, lineOf, serviceOf } from './line.js';
import { type Display, type Piece, fit, joinPieces, paint } from './pieces.js';
import type { Tree } from './tree.js';

const maxServicesNamed = 4;

/** Writes a trace for people: a head of a few lines, then the tree, a line for each point. */
export function* renderTree(tree: Tree, { width = Infinity, colour }: Display): Generator<string> {
  const layout = layOut(tree, width);
  const print = (pieces: readonly Piece[]): string => `${paint(pieces, colour)}\n`;
  yield print(fit(title(tree), width));
  yield print(fit(summary(tree), width));
  yield print([]);
  yield print(heading(layout));
  for (const place of walk(tree, layout.depth)) yield print(lineOf(tree, place, layout));
}

function title(tree: Tree): Piece[] {
  return [
    { text: 'trace ', style: 'dim' },
    { text: clean(tree.base_id), style: 'bold' },
    { text: ` · ${moment(tree.startedAt)}`, style: 'dim' },
  ];
}

function summary(tree: Tree): Piece[] {
  const services = [...new Set(tree.points.map(serviceOf))].filter((name) => name !== '');
  const errors = countErrors(tree);
  const unfinished = tree.points.filter((point) => point.finished === undefined).length;
  const named = services.length > maxServicesNamed ? count(services.length, 'service') : services.join(', ');
  const facts: Piece[] = [
    { text: duration(tree.total), style: 'bold' },
    { text: count(tree.points.length, 'point') },
    { text: errors > 0 ? count(errors, 'error') : '', style: 'red' },
    { text: unfinished > 0 ? `${unfinished} unfinished` : '', style: 'yellow' },
    { text: named },
  ];
  return joinPieces(facts, { text: ' · ', style: 'dim' });
}

/**
 * All points from the top down, without recursion: a trace may be deeper than the stack.
 *
 * @param maxDepth deeper points keep the indentation of this depth and have their own written beside it
 */
function* walk(tree: Tree, maxDepth: number): Generator<Place> {
  const open = [{ points: tree.roots, indent: '', next: 0 }];
  for (let frame = open.at(-1); frame !== undefined; frame = open.at(-1)) {
    const point = frame.points[frame.next++];
    if (point === undefined) {
      open.pop();
      continue;
    }
    const depth = open.length - 1;
    const isLast = frame.next === frame.points.length;
    const isDeep = depth > maxDepth;
    const branch = depth === 0 ? '' : isLast ? '└─ ' : '├─ ';
    yield {
      point,
      glyphs: `${frame.indent}${isDeep ? `⋯ ${depth} ` : ''}${branch}`,
      // The first root's parent may be a caller that is not traced.
      isLost: depth === 0 && frame.next > 1 && point.parent_id !== tree.base_id,
    };
    const below = depth === 0 || isDeep ? '' : isLast ? '   ' : '│  ';
    open.push({ points: point.children, indent: frame.indent + below, next: 0 });
  }
}
