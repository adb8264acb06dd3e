// Bounds the points that a function makes in one trace: a function that a wrong `*` names may be called by the
// million.
import type { Info } from '../../trace/event.js';
import { createStamp } from '../../trace/stamp.js';
import { type Trace, leftOut } from '../../trace/trace.js';

/** The functions that were cut off in a trace, and how many of their calls are not in it. */
const cut = createStamp<Map<string, number>>();

/** Takes a point of a trace out of a budget; false if there is none left, which is counted. */
export type Take = (trace: Trace) => boolean;

/**
 * Makes the budget of a function.
 *
 * @param label the function's name
 * @param most how many points it may make in one trace
 */
export function budgetOf(label: string, most: number): Take {
  const made = createStamp<{ count: number }>();
  return (trace) => {
    let its = made.of(trace);
    if (its === undefined) made.put(trace, (its = { count: 0 }));
    if (++its.count <= most) return true;
    let calls = cut.of(trace);
    if (calls === undefined) cut.put(trace, (calls = new Map()));
    calls.set(label, (calls.get(label) ?? 0) + 1);
    return false;
  };
}

/** Has each trace say at its end which functions were cut off in it. */
export function tellCut(most: number): void {
  leftOut.others.push((trace): Info | undefined => {
    const calls = cut.of(trace);
    if (calls === undefined) return undefined;
    const count = [...calls.values()].reduce((sum, each) => sum + each, 0);
    const names = [...calls.keys()].slice(0, 5).join(', ');
    return { cut: count, why: `of ${names}, only the first ${most} calls are recorded` };
  });
}
