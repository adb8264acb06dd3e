// Adds V8's collections of garbage to the traces during which they happened, as points called `gc`. While V8 collects,
// the thread does nothing else.
//
// Node tells of a collection some turns of the loop later. Nothing is observed while no trace is live.
import { type Collection, type Run, longMs, runsOf } from './collection-runs.js';
import type { Context } from './context.js';
import type { Info } from './event.js';
import { notice, wordsOf } from './notice.js';
import { markPoint } from './point.js';
import { tellLeftOut } from './left-out.js';
import { forgetOld, topsDuring } from './tops.js';
import { type Trace, leftOut, lifecycle } from './trace.js';

/** So many points does a trace get; the rest is added up. */
const mostPoints = 100;

interface Count {
  points: number;
  /** Those that got no point, and how long they took. */
  cut: number;
  cutMs: number;
}

const counts = new Map<Trace, Count>();

type PerfHooks = typeof import('node:perf_hooks');
type Entry = Pick<import('node:perf_hooks').PerformanceEntry, 'startTime' | 'duration'> & {
  readonly detail?: unknown;
};

let observer: import('node:perf_hooks').PerformanceObserver | undefined;
let kinds: ReadonlyMap<unknown, string>;

/** Observes collections from now on, or no more. */
export function observeCollections(isLive: boolean): void {
  if (isLive) {
    observer ??= createObserver();
    observer.observe({ entryTypes: ['gc'] });
  } else {
    observer?.disconnect();
    counts.clear();
  }
}

function createObserver(): NonNullable<typeof observer> {
  // Not the global one, which may be a test's.
  const { PerformanceObserver, constants } = require('node:perf_hooks') as PerfHooks;
  kinds = new Map([
    [constants.NODE_PERFORMANCE_GC_MINOR, 'minor'],
    [constants.NODE_PERFORMANCE_GC_MAJOR, 'major'],
    [constants.NODE_PERFORMANCE_GC_INCREMENTAL, 'incremental'],
    [constants.NODE_PERFORMANCE_GC_WEAKCB, 'weakcb'],
  ]);
  leftOut.others.push(takeCut);
  lifecycle.onTick.push(() => {
    forgetOld();
    for (const trace of counts.keys()) if (trace.isGone) counts.delete(trace);
  });
  return new PerformanceObserver((list) => {
    try {
      addAll(list.getEntries());
    } catch (error) {
      notice(`a collection of garbage is missing in traces. Please report: ${wordsOf(error)}`);
    }
  });
}

/** Adds collections to the traces during which they happened, below the first point at the top of each. */
function addAll(entries: readonly Entry[]): void {
  // The runs of one request end with it: the collections after it are another one's.
  const byTop = new Map<Context, Collection[]>();
  for (const { startTime, duration, detail } of entries) {
    const kind = kinds.get((detail as { readonly kind?: unknown } | undefined)?.kind);
    const seen = new Set<Trace>();
    for (const context of topsDuring(startTime, startTime + duration)) {
      if (seen.has(context.trace)) continue;
      seen.add(context.trace);
      const its = byTop.get(context);
      if (its === undefined) byTop.set(context, [{ startTime, duration, kind }]);
      else its.push({ startTime, duration, kind });
    }
  }
  // A shorter run is not told of.
  for (const [top, its] of byTop) for (const run of runsOf(its)) if (run.ms >= longMs) add(run, top);
}

function add({ startTime, endTime, kind, count: many, ms }: Run, top: Context): void {
  const { trace } = top;
  const count = counts.get(trace) ?? { points: 0, cut: 0, cutMs: 0 };
  counts.set(trace, count);
  if (count.points < mostPoints) {
    count.points++;
    const info = many === 1 ? { kind } : { kind, collections: many, ms: Math.round(1000 * ms) / 1000 };
    markPoint('gc', top, { gc: info }, startTime, endTime);
  } else {
    count.cut += many;
    count.cutMs += ms;
    // Nobody asks about a collection any more when its trace has ended.
    if (trace.closedAt !== Infinity) tellLeftOut(trace, takeCut(trace)!);
  }
}

/** The part that got no point in a trace, and was not told of yet. */
function takeCut(trace: Trace): Info | undefined {
  const count = counts.get(trace);
  if (count === undefined || count.cut === 0) return undefined;
  const said = { gc: count.cut, gc_ms: Math.round(1000 * count.cutMs) / 1000 };
  count.cut = 0;
  count.cutMs = 0;
  return said;
}
