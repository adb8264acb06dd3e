// The list of traces by pages, with a filter, and what is newest in it.
import type { TraceSummary } from '../drivers/driver.js';
import type { ListPage, ListRow, Newest } from '../report/page/list-types.js';
import { filterFrom } from './filter.js';
import { Rows } from './rows.js';
import type { TraceSource } from './source.js';

const defaultLimit = 50;
const mostRows = 200;
/** A filter reads traces until it has found enough, or has read so many, or for so long. */
const mostExamined = 1000;
const mostMs = 4000;
/** A filter asks for so many traces first, and then for those for which there is time. */
const firstBatch = 8;
const mostBatch = 50;

const newestCount = 50;
/** The newest traces are asked for again after this time, and for a tenth of the time only. */
const newestMs = 900;
const restingTimes = 10;

export interface Asked {
  /** `next` of the page before. */
  readonly after: string | undefined;
  readonly limit: number | undefined;
  readonly filter: string;
}

export class List {
  readonly #source: TraceSource;
  readonly #rows: Rows;
  #newest: { readonly answer: Promise<Newest>; readonly until: number } | undefined;

  constructor(source: TraceSource) {
    this.#source = source;
    this.#rows = new Rows(source);
  }

  /**
   * A page of the list. With a filter there may be fewer rows than asked for although there is a next page, or a few
   * more.
   *
   * @throws the reason of the signal, which says that nobody waits for the page any more
   */
  async page({ after, limit = defaultLimit, filter }: Asked, signal: AbortSignal): Promise<ListPage> {
    const takes = filterFrom(filter);
    const wanted = Math.max(1, Math.min(limit, mostRows));
    const startedAt = performance.now();
    const found: ListRow[] = [];
    let [examined, next] = [0, after];
    for (;;) {
      const batch = takes === undefined ? wanted : batchFor(examined, performance.now() - startedAt);
      const page = await this.#source.page(batch, next);
      const rows = await this.#rows.of(page.traces, signal);
      found.push(...(takes === undefined ? rows : rows.filter(takes)));
      examined += rows.length;
      next = page.next;
      const isEnough = takes === undefined || found.length >= wanted || examined >= mostExamined;
      if (next !== undefined && !isEnough && performance.now() - startedAt < mostMs) continue;
      return {
        rows: this.#rows.compared(found),
        ...(next !== undefined && { next }),
        ...(page.total !== undefined && { total: page.total }),
        examined,
        isWhole: page.isWhole,
      };
    }
  }

  /** The rows of these traces that the filter takes, and of those that cannot be read yet. */
  async some(
    traces: readonly TraceSummary[],
    filter: string,
    signal: AbortSignal,
  ): Promise<readonly ListRow[]> {
    const takes = filterFrom(filter);
    const rows = await this.#rows.of(traces, signal);
    return this.#rows.compared(
      takes === undefined ? rows : rows.filter((row) => row.points === 0 || takes(row)),
    );
  }

  /** The newest traces. However many pages ask, the store is asked only as often as it bears. */
  newest(): Promise<Newest> {
    const now = performance.now();
    if (this.#newest !== undefined && now < this.#newest.until) return this.#newest.answer;
    const answer = this.#askNewest();
    this.#newest = { answer, until: Infinity };
    const settle = (): void => {
      const took = performance.now() - now;
      this.#newest = { answer, until: now + took + Math.max(newestMs, took * restingTimes) };
    };
    answer.then(settle, () => (this.#newest = undefined));
    return answer;
  }

  async #askNewest(): Promise<Newest> {
    const { traces, total } = await this.#source.page(newestCount, undefined);
    return { ids: traces.map(({ base_id }) => base_id), ...(total !== undefined && { total }) };
  }
}

/** A page has to be read as a whole, because the next one begins at its end: it must not take longer than is left. */
function batchFor(examined: number, tookMs: number): number {
  if (examined === 0) return firstBatch;
  const inTime = Math.floor((examined / tookMs) * (mostMs - tookMs));
  return Math.max(1, Math.min(inTime, mostBatch, mostExamined - examined));
}
