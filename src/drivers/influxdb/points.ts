// Makes points of InfluxDB's line protocol of events.
import { isUuid } from '../../trace/ids.js';
import { parseTimestamp } from '../../trace/parse.js';
import type { DriverSettings } from '../driver.js';
import type { Line } from '../line.js';

export const measurements = { events: 'events', errors: 'errors' } as const;

/**
 * The points of a batch, as lines of InfluxDB's protocol. The event's JSON is the field `data`; the tags are the
 * trace, by which it is found, and the service and its host, of which a trace has a few. More tags would make more
 * series: with the ids of points among them, a server as it comes is full after 100,000 points.
 *
 * @returns `refused` is how many lines have no trace or no time
 */
export function pointsOf(
  lines: readonly Line[],
  { service, host, filterErrorTrace }: DriverSettings,
): { readonly points: readonly string[]; readonly refused: number } {
  const source = `${tag('host', host)}${tag('service', service)}`;
  const points: string[] = [];
  const taken = new Set<string>();
  let refused = 0;
  for (const line of lines) {
    const { base_id, text } = line;
    const time = timeOf(base_id, text, taken);
    if (time === undefined) {
      refused++;
      continue;
    }
    points.push(`${measurements.events},base_id=${base_id}${source} data=${quoted(text)} ${time}`);
    const failed = filterErrorTrace ? line.failedStop : undefined;
    if (failed === undefined) continue;
    points.push(
      `${measurements.errors},base_id=${base_id}${source} timestamp=${quoted(failed.timestamp)} ${time}`,
    );
  }
  return { points, refused };
}

/**
 * Nanoseconds, because points of the same tags and time overwrite each other: an event's microseconds, and three
 * digits that are the event's own. Two events of a batch never get the same, and the same batch always gets the
 * same ones.
 */
function timeOf(base_id: string, text: string, taken: Set<string>): string | undefined {
  // Not of the parsed event, which would take five times as long. Before info, in which somebody else's text may stand.
  const timestamp = /^[^{]*\{[^{]*?"timestamp": ?"([^"]*)"/.exec(text)?.[1];
  const micros = timestamp === undefined ? undefined : parseTimestamp(timestamp);
  if (micros === undefined || micros <= 0 || !isUuid(base_id)) return undefined;
  const digits = hashOf(text) % 1000;
  let key = '';
  for (let i = 0; i < 1000; i++) {
    key = `${micros}${String((digits + i) % 1000).padStart(3, '0')}`;
    if (!taken.has(base_id + key)) break;
  }
  taken.add(base_id + key);
  return key;
}

/** FNV-1a: fast, and even enough for three digits. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

/** Tags tell writers apart; what they are called is in the event. So nothing needs escapes. */
function tag(name: string, value: string): string {
  const safe = value.replace(/[^\w.-]+/g, '_');
  return safe === '' ? '' : `,${name}=${safe}`;
}

function quoted(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}
