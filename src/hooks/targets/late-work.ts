// Keeps a message's trace open for what its handler has begun and not awaited: nothing tells when an asynchronous function
// is done whose promise its library leaves alone.
import { type Trace, hold, lifecycle, release } from '../../trace/trace.js';

// Two seconds, in which nothing has started or stopped in the trace.
const quietTicks = 4;

/** A trace that is kept open, and when it was last used. */
interface Kept {
  readonly trace: Trace;
  usedAt: number;
  ticks: number;
}

const kept = new Set<Kept>();

/** Keeps a trace open until it is quiet: until none of its points is open, and none has begun for two seconds. */
export function keepUntilQuiet(trace: Trace): void {
  if (trace.isLasting) return;
  hold(trace, true);
  kept.add({ trace, usedAt: trace.usedAt, ticks: 0 });
}

lifecycle.onTick.push(() => {
  for (const each of kept) {
    const { trace } = each;
    if (trace.usedAt !== each.usedAt || (trace.holds > 1 && !trace.isOver)) each.ticks = 0;
    else each.ticks++;
    each.usedAt = trace.usedAt;
    if (each.ticks < quietTicks) continue;
    kept.delete(each);
    release(trace);
  }
});
