// Finds out by how much the clocks of a trace's hosts differ.
//
// A call lies within the time that its caller waited for it. If it does not by the timestamps, one of the two clocks
// is wrong, and the callee's is set so that it does: as NTP does it, the middle of the call is put on the middle of
// the wait, of the call with the least time on its way, because that leaves the least room for an error.
import { type Span, isCallee } from './span.js';

/** The wait of a caller and the work of its callee on another host. */
interface Call {
  readonly from: number;
  readonly to: number;
  readonly inner: Span;
}

// What timestamps of microseconds and their cutting may leave between two clocks that agree.
const grain = 1000;

/**
 * @param spans each after its parent, with the times as they were stored
 * @returns what has to be added to the times of a host, in microseconds; only for hosts that are out of step with
 *   the host of the first point
 */
export function hostOffsets(spans: readonly Span[]): ReadonlyMap<string, number> {
  const pairs = new Map<string, Map<string, Call[]>>();
  for (const span of spans) {
    const { host } = span.point;
    const caller = span.parent?.point.host;
    if (host === null || (caller ?? null) === null || host === caller) continue;
    if (!isCallee(span) || span.isOpen || span.parent!.isOpen || span.point.started === undefined) continue;
    const callees = pairs.get(caller!) ?? new Map<string, Call[]>();
    pairs.set(caller!, callees);
    const calls = callees.get(host) ?? [];
    callees.set(host, calls);
    calls.push({ from: span.parent!.from, to: span.parent!.to, inner: span });
  }
  const offsets = new Map<string, number>();
  for (const [caller, callees] of pairs) {
    // Hosts are met in the order of the calls, so a caller's own clock is known before that of those it calls.
    const base = offsets.get(caller) ?? 0;
    for (const [host, calls] of callees) {
      if (offsets.has(host) || pairs.keys().next().value === host) continue;
      const offset = base + between(calls);
      if (offset !== 0) offsets.set(host, offset);
    }
  }
  return offsets;
}

/** The time to add to the callee's times, so that its work lies within its callers' waits. */
function between(calls: readonly Call[]): number {
  // The least and the most that can be added.
  const least = calls.reduce((most, { from, inner }) => Math.max(most, from - inner.from), -Infinity);
  const most = calls.reduce((fewest, { to, inner }) => Math.min(fewest, to - inner.to), Infinity);
  if (least <= grain && most >= -grain) return 0;
  const slack = ({ from, to, inner }: Call): number => Math.abs(to - from - (inner.to - inner.from));
  const closest = calls.reduce((best, call) => (slack(call) < slack(best) ? call : best));
  const middle = Math.round((closest.from + closest.to - closest.inner.from - closest.inner.to) / 2);
  return least <= most ? Math.min(most, Math.max(least, middle)) : middle;
}
