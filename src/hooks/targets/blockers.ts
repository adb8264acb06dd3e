// Tells traces whose handler has blocked the event loop for a while. It is loaded with the first such handler.
import { requestTarget } from '../../redaction/url.js';
import { noteBlocker } from '../../trace/busy.js';
import { cut } from '../../trace/info.js';
import { pathTemplate } from '../../trace/path-template.js';
import { markPoint } from '../../trace/point.js';
import { topsDuring } from '../../trace/tops.js';
import type { Trace } from '../../trace/trace.js';

/** The first run of a request's handler. */
export interface Run {
  readonly method: string;
  readonly url: string;
  /** In milliseconds on the monotonic clock. */
  readonly fromMs: number;
  readonly untilMs: number;
  /** The trace of the request itself, if it has one. */
  readonly trace: Trace | undefined;
}

/** A trace gets so many of these points: the cause is clear by then. */
const mostPoints = 100;
const told = new WeakMap<Trace, number>();

/** Tells the traces that were open all the time, except for the request's own. */
export function tellBlocked({ method, url, fromMs, untilMs, trace }: Run): void {
  const blocked = { method, path: cut(pathTemplate(requestTarget(url).path)) };
  noteBlocker(blocked, fromMs, untilMs);
  const seen = new Set<Trace | undefined>([trace]);
  for (const context of topsDuring(fromMs, untilMs)) {
    const count = told.get(context.trace) ?? 0;
    if (seen.has(context.trace) || count === mostPoints) continue;
    seen.add(context.trace);
    told.set(context.trace, count + 1);
    markPoint('blocked', context, { blocked }, fromMs, untilMs);
  }
}
