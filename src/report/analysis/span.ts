// A point with the times that the analysis works with, and what it is to the point above it.
import { fact } from '../facts.js';
import type { TreePoint } from '../tree.js';

/** A point with a beginning and an end, in microseconds since the trace's first event. */
export interface Span {
  readonly point: TreePoint;
  readonly parent: Span | undefined;
  readonly children: readonly Span[];
  /** Its start by the clock of the trace's first host. */
  readonly from: number;
  /** Its stop by the same clock; of an unfinished point the last that was heard of it or of what is below it. */
  readonly to: number;
  /** Whether no stop was stored. */
  readonly isOpen: boolean;
  /** How far the clock of its host was set forward to agree with its callers', in microseconds. */
  readonly offset: number;
  /** What equal calls share, once it is worked out (`keyOf`); '' for a point that has no equals. */
  key: string | undefined;
  /** The work that it is part of, once it is worked out (`scopeOf`). */
  scope: Span | undefined;
}

/** Whether the point stands for the trace itself, because several points are at its top. */
export const isWholeTrace = ({ point }: Span): boolean => point.events.length === 0;

/** Whether a point is the other side of the call above it, by which the caller waits for its answer. */
export function isCallee(span: Span): boolean {
  const { name, startInfo } = span.point;
  const above = span.parent?.point;
  if (name === 'wsgi') return above?.name === 'http' || above?.name === 'https';
  if (name !== 'rpc' || above?.name !== 'rpc') return false;
  return fact(startInfo, 'rpc', 'kind') !== 'consumer';
}

/** Whether a point handles a message, for which whoever has sent it does not wait. */
export function isBeside({ point, parent }: Pick<Span, 'point' | 'parent'>): boolean {
  if (point.name !== 'rpc' || parent === undefined || parent.point.events.length === 0) return false;
  // A task of a pool of threads is handled by a consumer too, and its caller waits for the result.
  return (
    fact(point.startInfo, 'rpc', 'kind') === 'consumer' &&
    fact(parent.point.startInfo, 'rpc', 'kind') !== 'client'
  );
}
