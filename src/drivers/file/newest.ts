// Finds the newest traces of a folder without opening all of its files.
import { statSync } from 'node:fs';

import type { Event } from '../../trace/event.js';
import { parseTimestamp } from '../../trace/parse.js';

// A file is written to after its first event was made; what its clock is behind ours is in this.
const toleranceMicros = 60e6;

/**
 * The first events of the files whose first event is newest. A file that was last written to before the oldest of
 * those that are found already is not opened: its first event is older still.
 */
export function newestFiles(
  paths: readonly string[],
  count: number,
  firstEvent: (path: string) => Event | undefined,
): readonly Event[] {
  const files = paths
    .map((path) => ({ path, writtenAt: writtenAtMicros(path) }))
    .toSorted((a, b) => b.writtenAt - a.writtenAt);
  const found: { readonly event: Event; readonly micros: number }[] = [];
  for (const { path, writtenAt } of files) {
    const oldest = found.length < count ? -Infinity : found.at(-1)!.micros;
    if (writtenAt < oldest - toleranceMicros) break;
    const event = firstEvent(path);
    if (event === undefined) continue;
    const micros = parseTimestamp(event.timestamp) ?? 0;
    const after = found.findLastIndex((each) => each.micros >= micros);
    found.splice(after + 1, 0, { event, micros });
    if (found.length > count) found.pop();
  }
  return found.map(({ event }) => event);
}

/** Zero for a file that is gone, or that this user may not look at: no other is kept from being found by it. */
function writtenAtMicros(path: string): number {
  try {
    return statSync(path).mtimeMs * 1000;
  } catch {
    return 0;
  }
}
