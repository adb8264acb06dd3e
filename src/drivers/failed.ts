import type { Event } from '../trace/event.js';
import { parseEvent } from '../trace/parse.js';

/**
 * The event of a line if it is the stop of a failed point: what OSProfiler's `filter_error_trace` looks for.
 * Few lines have to be parsed for it; a text of the application's may hold the word too.
 */
export function failedStop(line: string): Event | undefined {
  if (!line.includes('"etype":')) return undefined;
  const event = parseEvent(line);
  const isFailed = event?.name.endsWith('-stop') === true && (event.info['etype'] ?? null) !== null;
  return isFailed ? event : undefined;
}
