// Makes the lists of traces that drivers give of what their stores say about them.
import { isUuid } from '../trace/ids.js';
import { parseTimestamp } from '../trace/parse.js';
import type { TraceSummary } from './driver.js';

/** What a store says about a trace: anything, as others may write there too. */
export interface ListEntry {
  readonly base_id?: unknown;
  readonly timestamp?: unknown;
}

/**
 * A list of traces, newest first. An entry whose id or timestamp is none is left out.
 *
 * @param kept which of several entries for one trace counts: its first event, or its last failure
 */
export function newestFirst(
  entries: Iterable<ListEntry>,
  kept: 'earliest' | 'latest' = 'earliest',
): TraceSummary[] {
  const traces = new Map<string, TraceSummary & { readonly micros: number }>();
  for (const { base_id, timestamp } of entries) {
    if (!isUuid(base_id) || typeof timestamp !== 'string') continue;
    const micros = parseTimestamp(timestamp);
    if (micros === undefined) continue;
    const known = traces.get(base_id)?.micros;
    const counts = known === undefined || (kept === 'earliest' ? micros < known : micros > known);
    if (counts) traces.set(base_id, { base_id, timestamp, micros });
  }
  return [...traces.values()]
    .toSorted((a, b) => b.micros - a.micros || (a.base_id < b.base_id ? -1 : 1))
    .map(({ base_id, timestamp }) => ({ base_id, timestamp }));
}
