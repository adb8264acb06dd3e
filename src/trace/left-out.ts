// What traces say of what is not in them: calls of which nobody can tell whose they are, and those that came too late.
import { type Context, rootContext } from './context.js';
import type { Info } from './event.js';
import { markPoint } from './point.js';
import { type Trace, leftOut, lifecycle } from './trace.js';

/** The name of the point that says it. */
const name = 'left_out';

lifecycle.onClosed.push((trace) => {
  const unknown = leftOut.unknown - trace.unknownBefore;
  if (unknown === 0) return;
  // A trace that is the process's own sees all that is nobody's in it.
  tell(trace, { unknown, why: 'in callbacks that requests share: it is not known whose they are' });
});

// Soon, for those who wait for the trace, and once more when all is counted.
lifecycle.onTick.push(() => {
  for (const trace of leftOut.late) {
    if (!trace.hasTold || !trace.isCounting) tellOf(trace);
    if (!trace.isCounting) leftOut.late.delete(trace);
  }
});

/** Has traces say how many calls came after their end: the process ends. */
export function tellLate(): void {
  for (const trace of leftOut.late) tellOf(trace);
  leftOut.late.clear();
}

function tellOf(trace: Trace): void {
  if (trace.late === 0) return;
  tell(trace, { late: trace.late, why: 'later work was not recorded' });
  trace.late = 0;
  trace.hasTold = true;
}

/** Below the first point at the trace's top, at the time of its end: a trace does not last longer for it. */
function tell(trace: Trace, left_out: Info): void {
  markPoint(name, topOf(trace), { left_out }, trace.closedAt);
}

function topOf(trace: Trace): Context {
  const root = rootContext(trace, trace.base_id);
  return trace.top === undefined ? root : { ...root, id: trace.top };
}
