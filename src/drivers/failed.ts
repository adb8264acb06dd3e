import { parseEvent } from '../trace/parse.js';

/**
 * Whether a line is the stop of a failed point: what OSProfiler's `filter_error_trace` looks for. A text of
 * the application's may hold the word too.
 */
export function isFailedStop(line: string): boolean {
  if (!line.includes('"etype":')) return false;
  const event = parseEvent(line);
  return event !== undefined && event.name.endsWith('-stop') && 'etype' in event.info;
}
