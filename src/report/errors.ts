// Counts the errors of a trace, each where it happened.
import { failureIn, isCancelled } from '../trace/failed.js';
import { isWork } from './about.js';
import type { Tree, TreePoint } from './tree.js';

// Texts in quotes may be masked at one point and not at the other: databases quote the values that they refuse.
const quoted = /['"«„][^]*['"»“]/u;

/** How many errors a trace has. */
export const countErrors = (tree: Tree): number => causesIn(tree).length;

/**
 * Where the errors of a trace happened, each once. A failed query is one error, although the call around its
 * statement, the function around the call, the request that answered 500 and the client that got this answer failed
 * with it.
 */
export function causesIn({ roots, points }: Tree): readonly TreePoint[] {
  if (!points.some(({ stopInfo }) => stopInfo !== undefined && failureIn(stopInfo) !== undefined)) return [];
  const { order, parents } = fromAbove(roots);
  // Points with an error somewhere below.
  const withErrors = new Set<TreePoint>();
  const causes: TreePoint[] = [];
  for (const point of order.toReversed()) {
    const parent = parents.get(point);
    const isCause = failedByItself(point, parent, withErrors.has(point));
    if (isCause) causes.push(point);
    if (parent !== undefined && (isCause || withErrors.has(point))) withErrors.add(parent);
  }
  return causes.toReversed();
}

/** All points, each after its parent, without recursion: a trace may be deeper than the stack. */
function fromAbove(roots: readonly TreePoint[]): {
  order: readonly TreePoint[];
  parents: ReadonlyMap<TreePoint, TreePoint>;
} {
  const order = [...roots];
  const parents = new Map<TreePoint, TreePoint>();
  for (const point of order) {
    for (const child of point.children) {
      parents.set(child, point);
      order.push(child);
    }
  }
  return { order, parents };
}

function failedByItself(point: TreePoint, parent: TreePoint | undefined, hasErrors: boolean): boolean {
  const failure = failureIn(point.stopInfo ?? {});
  if (failure === undefined || !isWork(point) || isOtherEnd(point, parent)) return false;
  // A status and an exit code only say that something went wrong. If the trace shows what, they are not a second
  // error.
  if (failure.kind !== 'error') return !hasErrors;
  return !point.children.some((child) => {
    const inner = failureIn(child.stopInfo ?? {});
    return (
      inner?.kind === 'error' &&
      inner.type === failure.type &&
      inner.message?.replace(quoted, '') === failure.message?.replace(quoted, '')
    );
  });
}

/**
 * An exchange that broke off is one event, even if both of its ends are in the trace. The client knows more of it. A
 * deadline that has passed is one event too, which each end has its own words for.
 */
function isOtherEnd(point: TreePoint, parent: TreePoint | undefined): boolean {
  if (isCallee(point, parent) && isLate(point) && isLate(parent)) return true;
  if (!isBrokenOff(point, parent)) return false;
  return isCancelledByCaller(point, parent) || failureIn(parent?.stopInfo ?? {})?.kind === 'error';
}

/**
 * Whether a request broke off because its caller, which is in the trace, gave it up on purpose. That is no failure.
 */
export function isCancelledByCaller(point: TreePoint, parent: TreePoint | undefined): boolean {
  return isBrokenOff(point, parent) && isCancelled(parent?.stopInfo ?? {});
}

function isBrokenOff(point: TreePoint, parent: TreePoint | undefined): boolean {
  return point.stopInfo?.['etype'] === 'Aborted' && isCallee(point, parent);
}

/** Whether the two are the ends of one exchange. */
function isCallee({ name }: TreePoint, parent: TreePoint | undefined): boolean {
  if (name === 'rpc') return parent?.name === 'rpc';
  return name === 'wsgi' && (parent?.name === 'http' || parent?.name === 'https');
}

const isLate = (point: TreePoint | undefined): boolean => point?.stopInfo?.['etype'] === 'DEADLINE_EXCEEDED';
