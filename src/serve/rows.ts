// The rows of the list: made of traces as they are asked for, and kept while there is room.
import type { TraceSummary } from '../drivers/driver.js';
import { rowOf, unreadableRow } from '../report/page/list-row.js';
import type { Alike, ListRow } from '../report/page/list-types.js';
import type { TraceSource } from './source.js';

const mostKept = 5000;
const readAtOnce = 4;
/** A trace that grows, or of which nothing was there, is read again after this time. */
const freshMs = 900;
/** Fewer durations tell nothing of a route. */
const fewestAlike = 5;

interface Kept {
  readonly row: ListRow;
  readonly readAt: number;
}

export class Rows {
  readonly #source: TraceSource;
  /** The row that was asked for last is the last. */
  readonly #kept = new Map<string, Kept>();

  constructor(source: TraceSource) {
    this.#source = source;
  }

  /**
   * The rows of some traces, in their order.
   *
   * @throws the reason of the signal, if nobody waits for them any more
   */
  async of(traces: readonly TraceSummary[], signal: AbortSignal): Promise<readonly ListRow[]> {
    const rows: ListRow[] = [];
    for (let i = 0; i < traces.length; i += readAtOnce) {
      signal.throwIfAborted();
      rows.push(...(await Promise.all(traces.slice(i, i + readAtOnce).map((trace) => this.#rowOf(trace)))));
    }
    return rows;
  }

  /** Adds to each row how long the known traces of its route took, where enough are known. */
  compared(rows: readonly ListRow[]): readonly ListRow[] {
    const wanted = new Map<string, number[]>(rows.map((row) => [routeOf(row), []]));
    for (const { row } of this.#kept.values()) {
      if (row.unfinished === 0 && row.points > 0) wanted.get(routeOf(row))?.push(row.duration);
    }
    const figures = new Map([...wanted].map(([route, durations]) => [route, alikeOf(durations)]));
    return rows.map((row) => {
      const alike = figures.get(routeOf(row));
      return alike === undefined ? row : { ...row, alike };
    });
  }

  async #rowOf(trace: TraceSummary): Promise<ListRow> {
    const { base_id } = trace;
    const kept = this.#kept.get(base_id);
    this.#kept.delete(base_id);
    const now = Date.now();
    const isFresh = kept !== undefined && (isSettled(kept.row) || now - kept.readAt < freshMs);
    const entry = isFresh ? kept : { row: await this.#read(trace, now), readAt: now };
    this.#kept.set(base_id, entry);
    if (this.#kept.size > mostKept) this.#kept.delete(this.#kept.keys().next().value!);
    return entry.row;
  }

  async #read(trace: TraceSummary, now: number): Promise<ListRow> {
    const stored = await this.#source.read(trace.base_id);
    return stored === undefined ? unreadableRow(trace) : rowOf(trace, stored, now);
  }
}

const isSettled = ({ isGrowing, points }: ListRow): boolean => !isGrowing && points > 0;

const routeOf = ({ service, method, route }: ListRow): string => `${service}\n${method}\n${route}`;

function alikeOf(durations: readonly number[]): Alike | undefined {
  if (durations.length < fewestAlike) return undefined;
  const sorted = durations.toSorted((a, b) => a - b);
  const at = (percent: number): number => sorted[Math.ceil((percent * sorted.length) / 100) - 1]!;
  return { count: sorted.length, p50: at(50), p95: at(95), max: at(100) };
}
