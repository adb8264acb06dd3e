// Adds to traces the number of calls that are not in them: calls of which nobody can tell whose they are, and calls
// that came too late.
import { type Context, rootContext } from './context.js';
import type { Info } from './event.js';
import { markPoint } from './point.js';
import { type Trace, leftOut, lifecycle } from './trace.js';

/** The name of the point that says it. */
const name = 'left_out';

lifecycle.onClosed.push((trace) => {
  for (const other of leftOut.others) {
    const info = other(trace);
    if (info !== undefined) tellLeftOut(trace, info);
  }
  const unknown = leftOut.unknown - trace.unknownBefore;
  if (unknown === 0) return;
  // In the trace of a whole process, everything that is nobody's belongs to the trace.
  tellLeftOut(trace, { unknown, why: 'in callbacks that requests share: it is not known whose they are' });
});

// Told soon, for those who wait for the trace, and once more when everything is counted.
lifecycle.onTick.push(() => {
  for (const trace of leftOut.late) {
    if (!trace.hasTold || !trace.isCounting) tellOf(trace);
    if (!trace.isCounting) leftOut.late.delete(trace);
  }
});

/** Has traces say how many calls came after their end, because the process ends. */
export function tellLate(): void {
  for (const trace of leftOut.late) tellOf(trace);
  leftOut.late.clear();
}

function tellOf(trace: Trace): void {
  if (trace.late === 0) return;
  tellLeftOut(trace, { late: trace.late, why: 'later work was not recorded' });
  trace.late = 0;
  trace.hasTold = true;
}

/**
 * Has a trace say what is not in it.
 *
 * The point is below the first point at the trace's top and has the time of the trace's end, so a trace does not
 * get longer by it.
 */
export function tellLeftOut(trace: Trace, left_out: Info): void {
  markPoint(name, topOf(trace), { left_out }, trace.closedAt);
}

function topOf(trace: Trace): Context {
  const root = rootContext(trace, trace.base_id);
  return trace.top === undefined ? root : { ...root, id: trace.top };
}
