// Lays the tree out in lines. A loop that calls 2,000 times would make 2,000 lines among which nothing else is
// found, so equal siblings share a line.
import { isCancelled } from '../trace/failed.js';
import { type About, about, failureOf, isWork, leftOut } from './about.js';
import { clean, duration } from './format.js';
import type { Tree, TreePoint } from './tree.js';
import { tookOf } from './took.js';
import { isUnanswered } from './unanswered.js';
import { whatOf } from './what.js';

/** A line of the tree. */
export interface Row {
  /** One point, or several equal ones in the order of their start. */
  readonly points: readonly [TreePoint, ...TreePoint[]];
  readonly rows: readonly Row[];
}

/** The lines of a tree. */
export interface Rows {
  readonly roots: readonly Row[];
  /** How many points of work have no line of their own. */
  readonly folded: number;
}

type Open = { -readonly [Key in keyof Row]: Row[Key] };

/** From this number on, equal siblings share a line. */
const fewest = 5;

/**
 * Lays a tree out in lines. Equal siblings share one, and the points below them are folded in the same way: 2,000
 * calls of a service make one line for each kind of point in it.
 *
 * @param isFolded false gives each point its own line
 */
export function rowsOf({ roots, points }: Pick<Tree, 'roots' | 'points'>, isFolded: boolean): Rows {
  const top = rowsAmong(roots, isFolded ? fewest : Infinity);
  const open = [...top];
  let count = 0;
  for (let row = open.pop(); row !== undefined; row = open.pop()) {
    const [point, ...others] = row.points;
    if (isWork(point)) count++;
    row.rows =
      others.length === 0
        ? rowsAmong(point.children, isFolded ? fewest : Infinity)
        : rowsAmong(row.points.flatMap(({ children }) => children).toSorted(byStart), 2);
    for (const below of row.rows) open.push(below);
  }
  return { roots: top, folded: points.filter(isWork).length - count };
}

/** Which of some siblings are equal and share a line: five or more. Notes are left out. */
export function repeatsAmong(siblings: readonly TreePoint[]): readonly (readonly TreePoint[])[] {
  if (siblings.length < fewest) return [];
  return rowsOfWork(siblings.filter(isWork), fewest).flatMap(({ points }) =>
    points.length > 1 ? [points] : [],
  );
}

const startOf = ({ started, finished }: TreePoint): number => started ?? finished ?? 0;
const byStart = (a: TreePoint, b: TreePoint): number => startOf(a) - startOf(b);

function rowsAmong(siblings: readonly TreePoint[], atLeast: number): Open[] {
  const notes = atLeast === Infinity ? [] : siblings.filter((point) => !isWork(point));
  if (notes.length === 0) return rowsOfWork(siblings, atLeast);
  const rows = rowsOfWork(siblings.filter(isWork), atLeast);
  // Notes of a kind always share a line, however few there are.
  for (const kind of new Set(notes.map(({ name }) => name))) {
    const [first, ...others] = notes.filter(({ name }) => name === kind);
    if (first !== undefined) rows.push({ points: [first, ...others], rows: [] });
  }
  return rows.toSorted((a, b) => byStart(a.points[0], b.points[0]));
}

function rowsOfWork(siblings: readonly TreePoint[], atLeast: number): Open[] {
  if (siblings.length < atLeast) return siblings.map((point) => ({ points: [point], rows: [] }));
  const groups = new Map<string, [TreePoint, ...TreePoint[]]>();
  for (const point of siblings) {
    const key = keyOf(point);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [point]);
    else group.push(point);
  }
  const rows: Open[] = [];
  for (const group of groups.values()) {
    if (group.length >= atLeast) rows.push({ points: group, rows: [] });
    else for (const point of group) rows.push({ points: [point], rows: [] });
  }
  return rows.toSorted((a, b) => byStart(a.points[0], b.points[0]));
}

/** Points with the same key are equal: the same was done, in the same service, and ended in the same way. */
function keyOf(point: TreePoint): string {
  const { name, service, started, finished, children } = point;
  const { isBad, outcome } = about(point);
  return JSON.stringify([
    name,
    service,
    whatOf(point),
    started === undefined,
    finished === undefined,
    isUnanswered(point),
    isBad && outcome,
    isCancelled(point.stopInfo ?? {}),
    point.stopInfo?.['etype'] ?? null,
    // A call of a database is recognised by its statement, if that is recorded.
    children.filter((child) => child.name === 'sql').map(whatOf),
  ]);
}

/** The line of several equal points: how many there are, and how long they took. */
export function aboutAll(points: readonly [TreePoint, ...TreePoint[]]): About {
  const [first] = points;
  const told = about(first);
  if (!isWork(first) && first.name === 'left_out')
    return { ...told, subject: leftOut(points.map(({ startInfo = {} }) => startInfo)) };
  const all = points.map(about);
  const took = points.flatMap((point) => tookOf(point) ?? []).toSorted((a, b) => a - b);
  const isSame = (key: 'subject' | 'outcome'): boolean => all.every((each) => each[key] === told[key]);
  const times =
    took.length === 0
      ? ''
      : `· sum ${duration(sumOf(took))} · p50 ${duration(medianOf(took))} · max ${duration(took.at(-1)!)}`;
  return {
    ...told,
    label: `${told.label} ×${points.length}`,
    subject: isSame('subject') ? told.subject : whatOf(first),
    outcome: [isSame('outcome') ? told.outcome : '', times].filter((text) => text !== '').join(' '),
  };
}

/** The reason of the first failure stands for all. */
export function failureOfAll(points: readonly [TreePoint, ...TreePoint[]]): string | undefined {
  const [first, ...others] = points;
  const failure = failureOf(first);
  const isSame = others.every((point) => failureOf(point) === failure);
  return failure === undefined || isSame ? failure : `${clean(failure)}, and others`;
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

/** @param sorted at least one */
function medianOf(sorted: readonly number[]): number {
  return sorted[Math.ceil(sorted.length / 2) - 1]!;
}
