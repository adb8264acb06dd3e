// Decides when a trace that was just made is complete.
import { setTimeout as delay } from 'node:timers/promises';

import type { StoredTrace } from '../drivers/driver.js';
import { isOfNote, isWork } from '../report/about.js';
import { type Tree, type TreePoint, buildTree } from '../report/tree.js';
import { isUnanswered } from '../report/unanswered.js';
import { count } from '../trace/count.js';
import type { Store } from './readable.js';

// A service sends its events in batches, so a trace that grew a moment ago may grow further.
const quietMs = 200;
const usualPollMs = 50;

export interface Settled {
  /** Undefined if nothing of the trace came. */
  readonly stored: StoredTrace | undefined;
  /** The missing points, in words, when the time is up. */
  readonly missing: readonly string[];
}

/**
 * Reads a trace as soon as it is complete, or the part that exists when the time is up.
 *
 * @param waitMs the time; Infinity for as long as it takes
 * @param pollMs how long it waits at least before it reads again
 * @param signal ends the time
 */
export async function settled(
  store: Pick<Store, 'read'>,
  base_id: string,
  waitMs: number,
  { pollMs = usualPollMs, signal }: { readonly pollMs?: number; readonly signal?: AbortSignal } = {},
): Promise<Settled> {
  const deadline = performance.now() + waitMs;
  let size = 0;
  let grewAt = 0;
  for (;;) {
    const askedAt = performance.now();
    const stored = await store.read(base_id);
    const now = performance.now();
    const events = stored?.events ?? [];
    // A count of what was left out and a collection of garbage may arrive later, and are not work.
    const ofWork = events.reduce((sum, { name }) => (isOfNote(name) ? sum : sum + 1), 0);
    const isGrown = ofWork > size;
    if (isGrown) {
      size = ofWork;
      grewAt = now;
    }
    const isLate = now >= deadline || signal?.aborted === true;
    if (isLate || (!isGrown && size > 0 && now - grewAt >= quietMs)) {
      const missing = events.length === 0 ? [] : missingIn(buildTree(events));
      if (isLate || missing.length === 0) return { stored, missing };
    }
    // Reading a large trace takes the store and us time. The pause is at least as long as the last read.
    const pauseMs = Math.min(Math.max(pollMs, now - askedAt), Math.max(0, deadline - now));
    await delay(pauseMs, undefined, signal && { signal }).catch(() => {});
  }
}

/** Whether a trace holds everything that it implies. */
export function isComplete(tree: Tree): boolean {
  return missingIn(tree).length === 0;
}

const mostNamed = 3;

/**
 * Finds what a trace implies and does not hold: the other end of a point, a parent, and points of each service to
 * which a call carried the trace. A command's process has sent all of its events before the command ends, and so
 * has a thread.
 */
function missingIn({ base_id, roots, ...tree }: Tree): string[] {
  const points = tree.points.filter(isWork);
  const unfinished = points.filter(({ finished }) => finished === undefined).length;
  const startless = points.filter(({ started }) => started === undefined).length;
  const lost = roots.filter((root) => isWork(root) && root.parent_id !== base_id).length;
  const silent = [...new Set(points.filter(isUnanswered).map(hostOf))];
  const rest = silent.length > mostNamed ? ` and ${silent.length - mostNamed} more` : '';
  return [
    unfinished > 0 ? `${count(unfinished, 'point')} without an end` : '',
    startless > 0 ? `${count(startless, 'point')} without a start` : '',
    lost > 0 ? `the parents of ${count(lost, 'point')}` : '',
    silent.length > 0
      ? `the points of ${silent.slice(0, mostNamed).join(', ')}${rest}, which received signed headers`
      : '',
  ].filter((each) => each !== '');
}

function hostOf({ startInfo }: TreePoint): string {
  const { hostname, port } = (startInfo?.['requests'] ?? {}) as { hostname?: unknown; port?: unknown };
  const host = typeof hostname === 'string' && hostname !== '' ? hostname : 'a service';
  return typeof port === 'number' || typeof port === 'string' ? `${host}:${port}` : host;
}
