// Summarises a trace in one row, for `trace list`.
import type { StoredTrace, TraceSummary } from '../drivers/driver.js';
import type { Info } from '../trace/event.js';
import { about, isWork } from './about.js';
import { countErrors } from './errors.js';
import { type Tree, buildTree } from './tree.js';

/** The row of a trace. */
export interface Overview extends TraceSummary {
  /** From the request with which it began; undefined if it began otherwise. */
  readonly method: string | undefined;
  readonly path: string | undefined;
  /** The route's pattern, if a framework has told it. */
  readonly route: string | undefined;
  /** The status of the response; undefined if there was none, or if the trace began otherwise. */
  readonly status: number | undefined;
  /** Its beginning in words: `GET /orders/42`, `process shop/label.mjs`. */
  readonly what: string;
  /** In microseconds, from the first event to the last. */
  readonly duration: number;
  readonly services: readonly string[];
  readonly points: number;
  /** How many failures there were, each counted where it began. */
  readonly errors: number;
  /** How many of its points have no end. */
  readonly unfinished: number;
}

/** @returns undefined if nothing of the trace can be read */
export function overviewOf(summary: TraceSummary, stored: StoredTrace | undefined): Overview | undefined {
  const isEmpty = stored === undefined || stored.events.length === 0;
  return isEmpty ? undefined : overviewOfTree(summary, buildTree(stored.events));
}

/** The row of a trace of which the tree is made already. */
export function overviewOfTree(summary: TraceSummary, tree: Tree): Overview {
  const { method, path, route, status, what } = beginningOf(tree);
  return {
    ...summary,
    method,
    path,
    route,
    status,
    what,
    duration: tree.total,
    services: [...new Set(tree.points.map(({ service }) => service ?? ''))].filter((name) => name !== ''),
    points: tree.points.filter(isWork).length,
    errors: countErrors(tree),
    unfinished: tree.points.filter((point) => isWork(point) && point.finished === undefined).length,
  };
}

/** How a trace began. If several points are at the top, the first request counts, or else the first point. */
export function beginningOf({
  base_id,
  roots,
}: Tree): Pick<Overview, 'method' | 'path' | 'route' | 'status' | 'what'> {
  const own = roots.filter(({ parent_id }) => parent_id === base_id);
  const point =
    own.find(({ name }) => name === 'wsgi') ?? own.find(isWork) ?? roots.find(isWork) ?? roots[0]!;
  const request = memberOf(point.startInfo, 'request');
  const { status_code } = memberOf(point.stopInfo, 'response');
  const told = about(point);
  return {
    method: textOf(request['method']),
    path: textOf(request['path']),
    route: textOf(memberOf(point.stopInfo, 'request')['route'] ?? request['route']),
    status: Number(status_code ?? NaN) || undefined,
    what: point.name === 'wsgi' ? told.subject : `${told.label} ${told.subject}`.trim(),
  };
}

function memberOf(info: Info | undefined, name: string): Info {
  const member = info?.[name];
  return typeof member === 'object' && member !== null ? (member as Info) : {};
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
