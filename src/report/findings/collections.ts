// How long garbage was collected during the parts of a trace.
import type { Segment } from '../analysis/partition.js';
import { type Analysis, oncePerAnalysis } from '../analysis/analyse.js';
import { numberFact } from '../facts.js';
import { tookOf } from '../took.js';
import type { TreePoint } from '../tree.js';

export interface Collections {
  readonly points: readonly TreePoint[];
  /** How many there were, those included that are only counted. */
  readonly count: number;
  /** What a recorded collection stands for, as of many only the first are recorded one by one. */
  readonly scale: number;
}

const isCollection = ({ name, startInfo }: TreePoint): boolean =>
  name === 'gc' && typeof startInfo?.['gc'] === 'object';

/** The collections of garbage during a trace. */
export const collectionsOf = oncePerAnalysis(({ tree }): Collections => {
  const points = tree.points.filter(isCollection);
  const recorded = points.reduce((sum, gc) => sum + (tookOf(gc) ?? 0), 0);
  const notes = tree.points.filter(({ name }) => name === 'left_out');
  const sumOf = (fact: 'gc' | 'gc_ms'): number =>
    notes.reduce((sum, { startInfo }) => sum + Math.max(0, numberFact(startInfo, 'left_out', fact) ?? 0), 0);
  return {
    points,
    count: points.reduce((sum, gc) => sum + manyIn(gc), 0) + sumOf('gc'),
    scale: recorded === 0 ? 1 : (recorded + sumOf('gc_ms') * 1000) / recorded,
  };
});

/** How many collections a point stands for: short ones that follow each other are one point. */
const manyIn = ({ startInfo }: TreePoint): number =>
  Math.max(1, numberFact(startInfo, 'gc', 'collections') ?? 1);

/** The part of a point's time in which garbage was collected. */
function partOf(gc: TreePoint): number {
  const { started = 0, finished = started } = gc;
  return finished === started ? 1 : (tookOf(gc) ?? 0) / (finished - started);
}

/** How long garbage was collected within a part of the critical path, in microseconds. */
export function collectedIn({ span, from, to }: Segment, analysis: Analysis): number {
  const { points, scale } = collectionsOf(analysis);
  const recorded = points.reduce((sum, gc) => sum + overlapWith(gc, { span, from, to }) * partOf(gc), 0);
  return Math.min(to - from, Math.round(recorded * scale));
}

/** How long a note, such as a collection, in the thread of a point lay within a time. */
export function overlapWith(
  note: TreePoint,
  { span, from, to }: Pick<Segment, 'span' | 'from' | 'to'>,
): number {
  if (note.started === undefined || note.finished === undefined) return 0;
  const micros = Math.min(to, note.finished + span.offset) - Math.max(from, note.started + span.offset);
  if (micros <= 0 || note.host !== span.point.host || note.service !== span.point.service) return 0;
  return micros;
}
