// Puts the points of two traces beside each other that did the same: by what they and the points above them did, and
// not by where they stand among their siblings.
import { isWork } from './about.js';
import { type Subject, isStatementOf, subjectOf, subjectText } from './subject.js';
import type { Tree, TreePoint } from './tree.js';

/** Points of two traces that did the same. */
export interface Aligned {
  readonly subject: Subject;
  /** What the points above did, from the root down; of a deep trace only the nearest. */
  readonly path: readonly string[];
  /** Whether there are other points below. */
  readonly hasBelow: boolean;
  /** Whether the points above did other things in one trace than in the other. */
  readonly moved: boolean;
  readonly a: readonly TreePoint[];
  readonly b: readonly TreePoint[];
}

interface Place {
  /** Undefined for the trace itself. */
  readonly subject: Subject | undefined;
  readonly above: Place | undefined;
  readonly below: Map<string, Place>;
  /** The points of each trace. */
  readonly points: readonly [TreePoint[], TreePoint[]];
  isMoved: boolean;
  /** The place with which it was joined. */
  joined: Place | undefined;
}

/** Two traces beside each other. */
export interface Alignment {
  readonly groups: readonly Aligned[];
  /** The group of a point; undefined for what is no work. */
  groupOf(point: TreePoint): Aligned | undefined;
}

/**
 * Puts the points of two traces beside each other. Points are in one group if they did the same (kind, and statement
 * or call without its values) below points that did the same. What is then left in both traces of the same kind and
 * call is one group too, wherever it is: it has moved. The last thing that is tried is the same request to another host.
 */
export function align(a: Tree, b: Tree): Alignment {
  const top = placeBelow(undefined, undefined);
  const placeOf = new Map<TreePoint, Place>();
  const places: Place[] = [];
  for (const [side, tree] of [a, b].entries()) fill(top, tree, side as 0 | 1, placeOf, places);
  join(places, keyOf);
  // Only what has no equal: of a call that went to several hosts, nobody knows which is which.
  join(places, keyWithoutHost, ([first, ...others]) =>
    others.every((place) => place.subject!.what === first!.subject!.what),
  );
  const groups = new Map<Place, Aligned>();
  for (const place of places) {
    if (place.joined === undefined) groups.set(place, groupFrom(place));
  }
  return {
    groups: [...groups.values()],
    groupOf(point) {
      const place = placeOf.get(point);
      return place && groups.get(place.joined ?? place);
    },
  };
}

function placeBelow(above: Place | undefined, subject: Subject | undefined): Place {
  return { subject, above, below: new Map(), points: [[], []], isMoved: false, joined: undefined };
}

/** Without recursion: a trace may be deeper than the stack. */
function fill(
  top: Place,
  { roots }: Tree,
  side: 0 | 1,
  placeOf: Map<TreePoint, Place>,
  places: Place[],
): void {
  const open: { point: TreePoint; parent: TreePoint | undefined; above: Place }[] = [];
  const add = (points: readonly TreePoint[], parent: TreePoint | undefined, above: Place): void => {
    for (const point of points.toReversed()) if (isWork(point)) open.push({ point, parent, above });
  };
  add(roots, undefined, top);
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { point, parent, above } = next;
    let place = above;
    // A statement belongs to its call, which is counted once.
    if (!isStatementOf(point, parent)) {
      const subject = subjectOf(point);
      const key = keyOf(subject);
      const known = above.below.get(key);
      place = known ?? placeBelow(above, subject);
      if (known === undefined) {
        above.below.set(key, place);
        places.push(place);
      }
      place.points[side].push(point);
    }
    placeOf.set(point, place);
    add(point.children, point, place);
  }
}

/** Services may be called otherwise in another place; what they do tells them apart. */
function keyOf({ kind, what }: Pick<Subject, 'kind' | 'what'>): string {
  return JSON.stringify([kind, what]);
}

/** The same of a request, whatever the host is that it goes to; undefined for what names no host. */
function keyWithoutHost({ kind, what }: Subject): string | undefined {
  const [, method, path] = /^([A-Z]+) [^/\s]+(\/.*)$/.exec(what) ?? [];
  return (kind === 'http' || kind === 'https') && path !== undefined
    ? keyOf({ kind, what: `${method} ${path}` })
    : undefined;
}

/**
 * Joins what is in one trace only with what did the same elsewhere in the other one.
 *
 * @param isClear whether the places of one trace with the same key may be joined
 */
function join(
  places: readonly Place[],
  key: (subject: Subject) => string | undefined,
  isClear: (places: readonly Place[]) => boolean = () => true,
): void {
  const alone = new Map<string, [Place[], Place[]]>();
  for (const place of places) {
    const [a, b] = place.points;
    if ((a.length > 0 && b.length > 0) || place.joined !== undefined) continue;
    const its = key(place.subject!);
    if (its === undefined) continue;
    const sides = alone.get(its) ?? [[], []];
    alone.set(its, sides);
    sides[a.length > 0 ? 0 : 1].push(place);
  }
  for (const [inA, inB] of alone.values()) {
    const [first, ...others] = inB;
    if (first === undefined || inA.length === 0 || !isClear(inA) || !isClear(inB)) continue;
    first.isMoved = true;
    for (const place of [...inA, ...others]) {
      place.joined = first;
      for (const side of [0, 1] as const) {
        for (const point of place.points[side]) first.points[side].push(point);
      }
      for (const [name, below] of place.below) first.below.set(name, below);
    }
  }
}

const maxPath = 20;

function groupFrom({ subject, above, below, points, isMoved }: Place): Aligned {
  const path: string[] = [];
  for (let place = above; place?.subject !== undefined && path.length < maxPath; place = place.above) {
    path.push(subjectText(place.subject));
  }
  const [a, b] = points;
  return { subject: subject!, path: path.toReversed(), hasBelow: below.size > 0, moved: isMoved, a, b };
}
