import { isUuid } from '../trace/ids.js';
import { parseTimestamp } from '../trace/parse.js';
import type { TraceSummary } from './driver.js';

/**
 * Makes a list of traces of what a store says about them, newest first. Of several entries for one trace the
 * earliest counts; what is no id and no timestamp is left out.
 */
export function summaries(entries: Iterable<{ base_id: unknown; timestamp: unknown }>): TraceSummary[] {
  const earliest = new Map<string, TraceSummary & { readonly micros: number }>();
  for (const { base_id, timestamp } of entries) {
    if (!isUuid(base_id) || typeof timestamp !== 'string') continue;
    const micros = parseTimestamp(timestamp);
    const known = earliest.get(base_id);
    if (micros === undefined || (known !== undefined && known.micros <= micros)) continue;
    earliest.set(base_id, { base_id, timestamp, micros });
  }
  return [...earliest.values()]
    .toSorted((a, b) => b.micros - a.micros || (a.base_id < b.base_id ? -1 : 1))
    .map(({ base_id, timestamp }) => ({ base_id, timestamp }));
}
