import type { Event } from '../trace/event.js';
import { failureIn, mayTellFailure } from '../trace/failed.js';
import { parseEvent } from '../trace/parse.js';

/**
 * The event of a line if it is the stop of a failed point: what OSProfiler's `filter_error_trace` looks for.
 * Few lines have to be parsed for it; a text of the application's may hold the words too.
 */
export function failedStop(line: string): Event | undefined {
  if (!mayTellFailure.test(line)) return undefined;
  const event = parseEvent(line);
  const isFailed = event?.name.endsWith('-stop') === true && failureIn(event.info) !== undefined;
  return isFailed ? event : undefined;
}
