// Times and durations of the list, as they are drawn.
import type { Alike, ListRow } from '../../report/page/list-types.js';

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const two = (value: number): string => String(value).padStart(2, '0');

/** `29 Nov`, in UTC as in the store and on the command line. */
export function dayOf(millis: number): string {
  const date = new Date(millis);
  return `${date.getUTCDate()} ${months[date.getUTCMonth()]}`;
}

/** `14:02:11`, in UTC. */
export function timeOf(millis: number): string {
  const date = new Date(millis);
  return `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())}`;
}

/** The duration that fills the track of a row. */
export function scaleOf({ duration }: ListRow, { max }: Alike): number {
  return Math.max(max, duration, 1);
}

/** How many percent of its route a duration is slower than, as the known percentiles tell it. */
export function percentileOf(micros: number, { p50, p95, max }: Alike): number {
  const between = (from: number, to: number, low: number, high: number): number =>
    low + ((high - low) * (micros - from)) / Math.max(1, to - from);
  const percent =
    micros <= p50
      ? between(0, p50, 0, 50)
      : micros <= p95
        ? between(p50, p95, 50, 95)
        : between(p95, Math.max(max, micros), 95, 100);
  return Math.max(0, Math.min(99, Math.round(percent)));
}
