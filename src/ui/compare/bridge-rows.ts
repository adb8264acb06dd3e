// The rows of the bridge: each begins where the one before it ends, from the duration of A to that of B.
import type { PageComparison, PageStep } from '../../report/page/comparison.js';

/** A row of the bridge, of one step or of several small ones together. */
export interface BridgeRow {
  /** The indexes of its steps. */
  readonly steps: readonly number[];
  readonly label: string;
  readonly detail: string;
  readonly service: string;
  /** In microseconds; those of all rows sum up to the difference of the durations. */
  readonly difference: number;
  readonly a: number;
  readonly b: number;
  /** `new`, `3 → 24 calls`, `slower`. */
  readonly change: string;
  /** Where it begins and ends on the scale of both durations, in microseconds. */
  readonly from: number;
  readonly to: number;
}

/** What is smaller has no row of its own. */
const smallest = 2000;
/** What has changed by less is shown as unchanged. */
const unchangedBelow = 5000;
/** More rows explain nothing. */
const mostRows = 60;

/** The limits are for requests of some hundred milliseconds; those of shorter ones are smaller. */
const limitFor = ({ a, b }: PageComparison, limit: number, part: number): number =>
  Math.min(limit, Math.max(a.duration, b.duration) * part);

/** Whether a step took about as long in both traces. */
export function isUnchanged(comparison: PageComparison, { difference }: PageStep): boolean {
  return Math.abs(difference) < limitFor(comparison, unchangedBelow, 0.006);
}

/** The rows from A to B, the largest difference first, the small ones together at the end. */
export function bridgeRows(comparison: PageComparison): readonly BridgeRow[] {
  const { steps, a } = comparison;
  const least = limitFor(comparison, smallest, 0.0024);
  const large = steps.findIndex(
    ({ difference }, index) => Math.abs(difference) < least || difference === 0 || index === mostRows,
  );
  const shown = large < 0 ? steps : steps.slice(0, large);
  const rows: BridgeRow[] = [];
  let at = a.duration;
  const add = (row: Omit<BridgeRow, 'from' | 'to'>): void => {
    rows.push({ ...row, from: at, to: at + row.difference });
    at += row.difference;
  };
  for (const [index, step] of shown.entries()) add(rowFrom(step, index));
  if (shown.length < steps.length) add(restOf(steps, shown.length));
  return rows;
}

function rowFrom(step: PageStep, index: number): Omit<BridgeRow, 'from' | 'to'> {
  const { label, detail, service, difference, a, b } = step;
  return {
    steps: [index],
    label,
    detail,
    service,
    difference,
    a: a?.self ?? 0,
    b: b?.self ?? 0,
    change: changeText(step),
  };
}

function changeText({ change, a, b }: PageStep): string {
  if (change === 'more' || change === 'fewer') return `${a?.count ?? 0} → ${b?.count ?? 0} calls`;
  return change;
}

function restOf(steps: readonly PageStep[], first: number): Omit<BridgeRow, 'from' | 'to'> {
  const rest = steps.slice(first);
  const sum = (of: (step: PageStep) => number): number => rest.reduce((all, step) => all + of(step), 0);
  const names = rest.slice(0, 4).map(({ label }) => label);
  return {
    steps: rest.map((_step, index) => first + index),
    label: `${rest.length} others with a smaller difference`,
    detail: `${names.join(', ')}${rest.length > names.length ? ', …' : ''}`,
    service: '',
    difference: sum(({ difference }) => difference),
    a: sum(({ a }) => a?.self ?? 0),
    b: sum(({ b }) => b?.self ?? 0),
    change: '',
  };
}
